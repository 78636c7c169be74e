"""How the integers of a file's interface stand for numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np

# A byte of 0 stands for all that is less than half a step. Read as nothing, a black pixel that is white after all would
# cost any number of nats; of 0.05, 0.1, 0.25 and 0.5 of a step this costs the two trained presets least.
DARKEST = 0.1


class Quantization(TypedDict):
    """A number is `scale * (integer - zero_point)`.

    Attributes:
        dtype: of the integers, "int8".
        scale, zero_point: of all values of the tensor.
    """

    dtype: str
    scale: float
    zero_point: int


def quantization_of(detail: Mapping[str, Any]) -> Quantization:
    """Return how a tensor's integers are read, from what a LiteRT interpreter says of it."""
    scale, zero_point = detail["quantization"]
    return {"dtype": np.dtype(detail["dtype"]).name, "scale": float(scale), "zero_point": int(zero_point)}


def to_integers(values: np.ndarray, form: Quantization) -> np.ndarray:
    """Return the integers nearest to numbers.

    Example:
        >>> to_integers(np.array([-9.0, 0.1, 0.5]), {"dtype": "int8", "scale": 0.25, "zero_point": 3}).tolist()
        [-33, 3, 5]
    """
    limits = np.iinfo(form["dtype"])
    integers = np.round(values / np.float32(form["scale"])) + form["zero_point"]
    return np.clip(integers, limits.min, limits.max).astype(form["dtype"])


def from_integers(integers: np.ndarray, form: Quantization) -> np.ndarray:
    """Return the pixels, float32 in [0, 1] without the ends, that integers stand for.

    Example:
        >>> form: Quantization = {"dtype": "int8", "scale": 2**-8, "zero_point": -128}
        >>> [round(float(pixel), 4) for pixel in from_integers(np.array([-128, 0, 127], np.int8), form)]
        [0.0004, 0.5, 0.9961]
    """
    step = form["scale"]
    pixels = step * (integers.astype(np.float32) - form["zero_point"])
    return np.clip(pixels, DARKEST * step, 1 - DARKEST * step).astype(np.float32)
