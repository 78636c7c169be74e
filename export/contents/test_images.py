"""The images that a bundle carries, on which each of its files is judged in nats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae.data.pixels import first_images
from keras_vae.models.vae import VAE

NAME = "test_images.npz"
COUNT = 256
VALUES = 2**20  # large images come in smaller numbers: 4 MB before compression
SEED = 3


def choose_images(model: VAE, data: Iterable[Any] | None = None) -> np.ndarray:
    """Return the images to judge by: the first of `data`, else samples of the model itself.

    Args:
        model: the model.
        data: batches float `[n, H, W, C]` in [0, 1], or tuples that begin with one; None (the default) lets the
            model draw its own, x from p(x|z) with z from p(z).

    Returns:
        float32 `[m, H, W, C]`, at most 256 and at most 2**20 values, at least one image.

    Raises:
        ValueError: images of another shape, outside [0, 1], NaN or none at all.
    """
    count = max(1, min(COUNT, VALUES // int(np.prod(model.image_shape))))
    if data is not None:
        return first_images(data, count, "test_data", model.image_shape)
    latents = model.draw(SEED, tf.range(count), 1.0)
    return np.clip(model.decode(latents).sample(seed=tf.constant([SEED, 0])).numpy(), 0.0, 1.0)


def write_test_images(images: np.ndarray, folder: Path) -> None:
    """Write the images, losslessly compressed."""
    np.savez_compressed(folder / NAME, images=images)


def read_test_images(folder: Path) -> np.ndarray:
    """Return a bundle's images, float32 `[m, H, W, C]`."""
    with np.load(folder / NAME, allow_pickle=False) as content:
        return content["images"]
