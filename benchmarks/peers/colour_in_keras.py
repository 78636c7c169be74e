"""The preset image_conv in Keras' layers and operations alone, for TensorFlow and JAX: networks and loss."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from keras_vae.networks.bottleneck import smallest_map
from keras_vae.networks.build import build_networks
from keras_vae.presets.read import read_preset

COMPONENTS = 5
OWN = 3 * 3 * COMPONENTS  # of the decoder's channels; slopes follow
HALF = 255 / 2


def colour_networks(shape: tuple[int, int, int], seed: int) -> tuple[keras.Model, keras.Model]:
    """Encoder, to means and then log-variances, and decoder."""
    network = read_preset("image_conv")["network"]
    height, width = smallest_map(shape, len(network["filters"]))
    latent_dim = height * width * network["latent_maps"]
    return build_networks(
        image_shape=shape,
        latent_dim=latent_dim,
        encoder_outputs=2 * latent_dim,
        decoder_channels=OWN + 3 * COMPONENTS,
        seed=seed,
        **network,
    )


def loss_terms(encoder: keras.Model, decoder: keras.Model, images, noise):
    """Reconstruction and KL in nats, the means over images `[n, H, W, 3]` for noise `[n, latent_dim]`."""
    mean, log_variance = ops.split(encoder(images), 2, axis=1)
    parameters = decoder(mean + ops.exp(0.5 * log_variance) * noise)
    kl = 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance)
    return -ops.mean(log_probability(parameters, ops.round(255 * images))), ops.mean(ops.sum(kl, axis=1))


def log_probability(parameters, levels):
    """log p(x|z) `[n]` of levels `[n, H, W, 3]` for the decoder's outputs `[n, H, W, 60]`: 5 logistics a pixel.

    Components and channels come first, since short last axes are slow.
    """
    parameters, levels = (ops.transpose(each, (3, 0, 1, 2)) for each in (parameters, levels))
    own = ops.reshape(parameters[:OWN], (3, 3, COMPONENTS, -1, *parameters.shape[2:]))
    slopes = ops.reshape(parameters[OWN:], (3, COMPONENTS, -1, *parameters.shape[2:]))
    spread = ((2 * np.arange(COMPONENTS, dtype=np.float32) + 1) / COMPONENTS - 1).reshape(-1, 1, 1, 1)
    logits = ops.mean(own[:, 0], axis=0)
    loc = HALF * (1 + own[:, 1] + spread)
    scale = HALF * ops.exp(ops.minimum(ops.softplus(own[:, 2] + 7) - 7, 40.0))
    beside = [levels[channel] - ops.clip(loc[channel], 0, 255) for channel in range(2)]
    at = [loc[0], loc[1] + slopes[0] * beside[0], loc[2] + slopes[1] * beside[0] + slopes[2] * beside[1]]
    log_component = logits
    for channel in range(3):
        level, width = levels[channel], scale[channel]
        to_above = -ops.softplus((at[channel] - level - 0.5) / width)
        from_below = -ops.softplus((level - 0.5 - at[channel]) / width)
        between = ops.log(-ops.expm1(-1 / width))
        has_above, has_below = (ops.cast(each, "float32") for each in (level < 254.5, level > 0.5))
        log_component += has_above * (to_above + has_below * between) + has_below * from_below
    log_pixel = ops.logsumexp(log_component, axis=0) - ops.logsumexp(logits, axis=0)
    return ops.sum(log_pixel, axis=(1, 2))
