"""The latents from which a full-integer decoder learns its activations' ranges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae.data.batches import first_images
from keras_vae.models.vae import VAE
from keras_vae.random.portable import latents_numpy

COUNT = 256  # of each kind
SEED = 1


def calibration_latents(model: VAE, images: Iterable[Any] | None = None) -> np.ndarray:
    """Return what a decoder meets in use: samples of the prior and, given images, of the aggregate posterior.

    Args:
        model: the model.
        images: batches float `[n, H, W, C]` in [0, 1], or of (images, labels), as a conditional model needs; the first
            256 images are taken. None (the default) leaves the posterior out.

    Returns:
        float32 `[m, latent_dim]`, the same for the same model and images.

    Raises:
        ValueError: images of another shape, outside [0, 1], NaN or none at all.
    """
    prior = model.sample_latents(SEED, tf.range(COUNT), 1.0).numpy()
    if images is None:
        return prior
    pixels, labels = first_images(images, COUNT, "representative_data", model.image_shape, model.classes)
    posterior = model.encode(tf.constant(pixels), label=labels)
    noise = latents_numpy(SEED + 1, range(posterior.batch_shape[0]), model.latent_dim)
    return np.concatenate([prior, model.posterior.reparameterize(posterior, tf.constant(noise)).numpy()])
