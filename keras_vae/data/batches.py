"""Images in batches, whatever holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from keras_vae.data.pixels import check_pixels


def image_batches(
    data: Iterable[Any], name: str, image_shape: tuple[int, int, int], batch_size: int = 100
) -> Iterator[np.ndarray]:
    """Yield the images of `data`, checked, float32 `[n, H, W, C]` in [0, 1].

    Args:
        data: batches of images or of tuples that begin with one, such as a `tf.data.Dataset`; or one array of images.
        name: what an error calls the data.
        image_shape: (height, width, channels).
        batch_size: into which an array is cut; 100 by default.

    Raises:
        ValueError: images of another shape, outside [0, 1] or NaN, or data that hold no batch.
    """
    if not isinstance(data, Iterable):
        raise ValueError(f"{name} is {data!r}: expected batches of images float [n, H, W, C], such as load_dataset's")
    if hasattr(data, "shape"):
        images = np.asarray(data)
        data = (images[start : start + batch_size] for start in range(0, max(len(images), 1), batch_size))
    number = -1
    for number, batch in enumerate(data):
        images = np.asarray(batch[0] if isinstance(batch, (tuple, list)) else batch)
        check_pixels(images, f"{name}, batch {number}", image_shape)
        yield images.astype(np.float32)
    if number < 0:
        raise ValueError(f"{name} holds no batch: expected at least one image")
