"""The check that labels are what a conditional model takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_vae.data.as_array import as_array


def check_labels(labels: Any, count: int, classes: int, name: str = "label") -> np.ndarray:
    """Return labels int32 `[count]`; one number stands for that many of it.

    Args:
        labels: whole numbers from 0 to classes - 1: one, or `[count]`.
        count: how many images they are of.
        classes: how many classes there are.
        name: what an error calls them.

    Raises:
        ValueError: numbers that are not whole, out of range, or not as many as images.

    Example:
        >>> check_labels(3, 2, 10)
        array([3, 3], dtype=int32)
    """
    values = as_array(name, labels)
    if values.shape not in ((), (count,)):
        mend = "; take labels.argmax(axis=-1) of one-hot ones" if values.shape == (count, classes) else ""
        raise ValueError(
            f"{name} has shape {values.shape}: expected one number, or one for each of {count} images{mend}"
        )
    if not np.issubdtype(values.dtype, np.integer) or values.min(initial=0) < 0 or values.max(initial=0) >= classes:
        found = f"{values.min()}" if values.ndim == 0 else f"{values.dtype} from {values.min()} to {values.max()}"
        raise ValueError(f"{name} is {found}: expected whole numbers from 0 to {classes - 1}")
    return np.broadcast_to(values, (count,)).astype(np.int32)


def label_of_each(classes: int, index: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the labels that images get when nobody names any: class after class, int32 `[n]`."""
    return (np.asarray(index) % classes).astype(np.int32)


def label_input(classes: int | None, index: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
    """Return the labels of images that nobody named any for as an input by name; none for a model without.

    Example:
        >>> label_input(None, range(3)), label_input(2, range(3))
        ({}, {'label': array([0, 1, 0], dtype=int32)})
    """
    return {} if classes is None else {"label": label_of_each(classes, index)}
