"""The checks of numbers that a user gives."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from keras_vae.checks.shown import shown

LARGEST = 2**31 - 1  # an int32, which is what graphs count in


def is_number(value: Any) -> bool:
    """Whether a value is a finite real number that a float holds; True and False are none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def at_least(name: str, value: Any, lowest: float) -> float:
    """Return a finite number as a float; ValueError if it is below `lowest` or not finite.

    Example:
        >>> at_least("beta", 4, 0)
        4.0
    """
    if not is_number(value) or value < lowest:
        raise ValueError(f"{name} is {shown(value)}: expected a finite number of at least {lowest}")
    return float(value)


def above(name: str, value: Any, limit: float) -> float:
    """Return a finite number as a float; ValueError if it is not above `limit`, or its square is none of float32's.

    Example:
        >>> above("stddev", 0.1, 0)
        0.1
    """
    if not is_number(value) or not limit < value < 1e19:
        raise ValueError(f"{name} is {shown(value)}: expected a finite number above {limit}, such as 0.1")
    return float(value)


def whole_number(name: str, value: Any, lowest: int, highest: int = LARGEST) -> int:
    """Return a whole number as an int; ValueError if it is below `lowest`, above `highest` or not whole.

    Example:
        >>> whole_number("samples", 5.0, 1)
        5
    """
    if not is_number(value) or int(value) != value or value < lowest:
        raise ValueError(f"{name} is {shown(value)}: expected a whole number of at least {lowest}")
    if value > highest:
        raise ValueError(f"{name} is {shown(value)}: expected a whole number of at most {highest}")
    return int(value)
