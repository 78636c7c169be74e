"""Images in batches, whatever holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from keras_vae.checks.shown import shown
from keras_vae.data.as_array import as_array
from keras_vae.data.labels import check_labels
from keras_vae.data.pixels import check_pixels


def image_batches(
    data: Iterable[Any],
    name: str,
    image_shape: tuple[int, int, int],
    batch_size: int = 100,
    classes: int | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yield the images of `data`, checked, float32 `[n, H, W, C]` in [0, 1], and their labels int32 `[n]` if asked for.

    Args:
        data: batches of images or of tuples that begin with one, such as a `tf.data.Dataset`; one array of images;
            or a tuple of an array of images and one of labels, or of targets, which are not looked at.
        name: what an error calls the data.
        image_shape: (height, width, channels).
        batch_size: into which an array is cut; 100 by default.
        classes: how many the labels are of; None, the default, gives no labels, whether there are some or not.

    Raises:
        ValueError: images of another shape, outside [0, 1] or NaN, data that hold no batch or weights of samples, or
            labels that are missing or out of range where they are asked for.
    """
    if hasattr(data, "shape"):
        data = as_array(name, data)
    if not isinstance(data, Iterable) or getattr(data, "shape", None) == ():
        raise ValueError(
            f"{name} is {shown(data)}: expected batches of images float [n, H, W, C], such as load_dataset's"
        )
    together = isinstance(data, tuple) and bool(data) and all(getattr(part, "ndim", 0) > 0 for part in data)
    if together or hasattr(data, "ndim"):
        arrays: Any = data if together else (data,)
        if len(arrays) > 2 or len({len(array) for array in arrays}) > 1:
            found = " and ".join(f"{list(array.shape)}" for array in arrays)
            raise ValueError(
                f"{name} is a tuple of arrays {found}: expected images, or images and as many labels; if these are "
                "batches, pass them as a list"
            )
        starts = range(0, max(len(arrays[0]), 1), batch_size)
        data = (tuple(np.asarray(array)[start : start + batch_size] for array in arrays) for start in starts)
    number = -1
    for number, batch in enumerate(data):
        images, *rest = batch if isinstance(batch, (tuple, list)) else (batch,)
        images = as_array(f"batch {number} of {name}", images)
        check_pixels(images, f"batch {number} of {name}", image_shape)
        if len(rest) > 1 and rest[1] is not None:
            raise ValueError(
                f"batch {number} of {name} has weights of samples: expected images, or images and labels, which count "
                "alike; leave them out, or use model.evaluate, which weights them"
            )
        if classes is None:
            yield images.astype(np.float32), None
            continue
        if not rest:
            raise ValueError(f"batch {number} of {name} has no labels: expected (images, labels) for {classes} classes")
        yield images.astype(np.float32), check_labels(rest[0], len(images), classes, f"{name}'s labels")
    if number < 0:
        raise ValueError(f"{name} holds no batch: expected at least one image")


def first_images(
    data: Iterable[Any], count: int, name: str, image_shape: tuple[int, int, int], classes: int | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the first images of some batches, float32 `[m, H, W, C]`, 1 <= m <= count, and their labels if asked for.

    Args and errors as of `image_batches`.
    """
    taken, parts = 0, []
    for images, labels in image_batches(data, name, image_shape, classes=classes):
        parts.append((images[: count - taken], None if labels is None else labels[: count - taken]))
        taken += len(parts[-1][0])
        if taken >= count:
            break
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), None if classes is None else np.concatenate(labels)
