"""Residual networks: deeper convolutional ones that still train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_vae.networks.bottleneck import cropped, encoder_from, innermost_map, network, smallest_map
from keras_vae.networks.reshaping import DepthToSpace


def _residual_block(features: Any, activation: str, name: str) -> Any:
    """Add two convolutions' correction to the features (He et al. 2016, "Identity mappings", figure 1b)."""
    channels = features.shape[-1]
    change = keras.layers.Activation(activation, name=f"{name}_activation_0")(features)
    change = keras.layers.Conv2D(channels, 3, padding="same", name=f"{name}_conv_0")(change)
    change = keras.layers.Activation(activation, name=f"{name}_activation_1")(change)
    # Starting at zero makes every block the identity, so depth costs nothing at the start (Zhang et al. 2019, "Fixup").
    change = keras.layers.Conv2D(channels, 3, padding="same", kernel_initializer="zeros", name=f"{name}_conv_1")(change)
    return keras.layers.Add(name=f"{name}_add")([features, change])


def residual(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    encoder_outputs: int,
    decoder_channels: int,
    *,
    classes: int | None = None,
    filters: Sequence[int] = (32, 64),
    blocks: int = 2,
    hidden: int = 256,
    latent_maps: int | None = None,
    activation: str = "swish",
) -> tuple[keras.Model, keras.Model]:
    """Build a residual encoder and decoder, without batch statistics: an image's output depends on it alone.

    Args:
        image_shape: (height, width, channels).
        latent_dim: width of the latent.
        encoder_outputs: numbers the encoder returns for an image.
        decoder_channels: numbers the decoder returns for a pixel.
        classes: of a conditional model, whose networks take one-hot labels `[n, classes]` too; None by default.
        filters: of each stage, from the image inwards; each stage halves the image.
        blocks: residual blocks a stage.
        hidden: width of the dense layer between feature maps and latent.
        latent_maps: how many maps of the innermost size are the latent, between convolutions alone, which knows an
            image place by place: `latent_dim` is then their number times the places. None, the default, has the dense
            layers.
        activation: of every layer but the last.

    Returns:
        The encoder `[n, H, W, C] -> [n, encoder_outputs]` and the decoder
        `[n, latent_dim] -> [n, H, W, decoder_channels]`.
    """
    height, width = smallest_map(image_shape, len(filters))
    image = keras.Input(image_shape, name="image")
    features = image
    for stage, channels in enumerate(filters):
        features = keras.layers.Conv2D(channels, 3, strides=2, padding="same", name=f"down_{stage}")(features)
        for block in range(blocks):
            features = _residual_block(features, activation, f"stage_{stage}_block_{block}")
    features = keras.layers.Activation(activation, name="activation")(features)
    encoder = encoder_from(
        image, features, encoder_outputs, classes=classes, hidden=hidden, latent_maps=latent_maps, activation=activation
    )

    latent, label, features = innermost_map(
        latent_dim,
        (height, width, filters[-1]),
        classes=classes,
        hidden=hidden,
        latent_maps=latent_maps,
        activation=activation,
        last_activation=None,
    )
    for stage in range(len(filters)):
        for block in range(blocks):
            features = _residual_block(features, activation, f"stage_{stage}_block_{block}")
        following = filters[max(len(filters) - stage - 2, 0)]
        features = keras.layers.Conv2D(4 * following, 3, padding="same", name=f"up_{stage}")(features)
        features = DepthToSpace(name=f"sub_pixel_{stage}")(features)
    features = keras.layers.Activation(activation, name="activation")(features)
    pixels = keras.layers.Conv2D(decoder_channels, 3, padding="same", name="likelihood")(features)
    return encoder, network(latent, label, cropped(pixels, image_shape), "decoder")
