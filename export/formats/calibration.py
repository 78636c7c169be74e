"""The latents from which a full-integer decoder learns its activations' ranges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae.data.pixels import check_pixels
from keras_vae.models.vae import VAE
from keras_vae.random.portable import latents_numpy

COUNT = 256  # of each kind
SEED = 1


def calibration_latents(model: VAE, images: Iterable[Any] | None = None) -> np.ndarray:
    """Return what a decoder meets in use: samples of the prior and, given images, of the aggregate posterior.

    Args:
        model: the model.
        images: batches float `[n, H, W, C]` in [0, 1], or tuples that begin with one; the first 256 images are
            taken. None (the default) leaves the posterior out.

    Returns:
        float32 `[m, latent_dim]`, the same for the same model and images.

    Raises:
        ValueError: images of another shape, outside [0, 1], NaN or none at all.
    """
    prior = model.draw(SEED, tf.range(COUNT), 1.0).numpy()
    if images is None:
        return prior
    posterior = model.encode(tf.constant(_first(images, model.image_shape)))
    noise = latents_numpy(SEED + 1, range(posterior.batch_shape[0]), model.latent_dim)
    return np.concatenate([prior, model.posterior_family.from_noise(posterior, tf.constant(noise)).numpy()])


def _first(images: Iterable[Any], image_shape: tuple[int, int, int]) -> np.ndarray:
    if not isinstance(images, Iterable):
        raise ValueError(
            f"representative_data is {images!r}: expected batches of images float [n, H, W, C], such as load_dataset's"
        )
    batches, taken = [], 0
    for batch in images:
        pixels = np.asarray(batch[0] if isinstance(batch, (tuple, list)) else batch)
        check_pixels(pixels, "representative_data", image_shape)
        batches.append(pixels[: COUNT - taken].astype(np.float32))
        taken += len(batches[-1])
        if taken >= COUNT:
            break
    if not taken:
        raise ValueError("representative_data holds no images: expected at least one batch, or None")
    return np.concatenate(batches)
