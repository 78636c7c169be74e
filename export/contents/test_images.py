"""The images that a bundle carries, on which each of its files is judged in nats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.data.labels import label_of_each
from keras_vae.files.archives import ROOM, check_unpacked_size

if TYPE_CHECKING:
    from keras_vae.models.vae import VAE

NAME = "test_images.npz"
COUNT = 256
VALUES = 2**20  # large images come in smaller numbers: 4 MB before compression
SEED = 3


def most_images(image_shape: Sequence[int]) -> int:
    """Return how many images a bundle carries at most.

    Example:
        >>> most_images([28, 28, 1]), most_images([256, 256, 3])
        (256, 5)
    """
    return max(1, min(COUNT, VALUES // math.prod(image_shape)))


def choose_images(model: VAE, data: Iterable[Any] | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the images to judge by: the first of `data`, else samples of the model itself.

    Args:
        model: the model.
        data: batches float `[n, H, W, C]` in [0, 1], or of (images, labels), as a conditional model needs; None (the
            default) lets the model draw its own, x from p(x|z) with z from p(z).

    Returns:
        float32 `[m, H, W, C]`, at most 256 and at most 2**20 values, at least one image; and their labels int32 `[m]`,
        None for a model without classes.

    Raises:
        ValueError: images of another shape, outside [0, 1], NaN or none at all.
    """
    from keras_vae.data.batches import first_images

    count = most_images(model.image_shape)
    if data is not None:
        return first_images(data, count, "test_data", model.image_shape, model.classes)
    latents = model.sample_latents(SEED, np.arange(count, dtype=np.int32), 1.0)
    labels = None if model.classes is None else label_of_each(model.classes, range(count))
    drawn = model.decode(latents, label=labels).sample(seed=[SEED, 0])
    return np.clip(drawn.numpy(), 0.0, 1.0), labels


def write_test_images(images: np.ndarray, labels: np.ndarray | None, folder: Path) -> None:
    """Write the images and their labels, if any, losslessly compressed."""
    np.savez_compressed(folder / NAME, images=images, **({} if labels is None else {"labels": labels}))


def read_test_images(folder: Path, image_shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a bundle's images, float32 `[m, H, W, C]`, and their labels int32 `[m]`, None if it has none.

    Args:
        folder: the bundle.
        image_shape: (height, width, channels), from which follows how much there can be.

    Raises:
        ValueError: more than that.
    """
    check_unpacked_size(folder / NAME, ROOM + 4 * max(VALUES, math.prod(image_shape)))
    with np.load(folder / NAME, allow_pickle=False) as content:
        return content["images"], content.get("labels")
