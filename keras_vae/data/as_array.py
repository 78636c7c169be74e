"""What a user gives for an array, as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_vae.checks.shown import shown


def as_array(name: str, value: Any) -> np.ndarray:
    """Return an array of numbers of any shape and dtype, bfloat16 included.

    Args:
        name: what an error calls it.
        value: an array, a tensor of any library that NumPy can read, or nested lists of equal lengths.

    Raises:
        ValueError: what is no such array: text, objects, rows of different lengths, sparse and masked arrays.

    Example:
        >>> as_array("label", [[1], [1, 2]])
        Traceback (most recent call last):
        ValueError: label is [[1], [1, 2]]: expected an array of numbers; convert it
    """
    try:
        array = np.asarray(value)
    except Exception:  # each library has errors of its own
        array = np.asarray(None)
    # bfloat16, which NumPy only knows as a void type with a name, is as good a float as any
    numbers = array.dtype.kind in "biuf" or array.dtype.name == "bfloat16"
    if not numbers or isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"{name} is {shown(value)}: expected an array of numbers; convert it")
    return array
