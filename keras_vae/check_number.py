"""The checks of numbers that a user gives."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any


def at_least(name: str, value: Any, lowest: float) -> float:
    """Return a finite number as a float; ValueError if it is below `lowest` or not finite.

    Example:
        >>> at_least("beta", 4, 0)
        4.0
    """
    if not (isinstance(value, Real) and math.isfinite(value) and value >= lowest):
        raise ValueError(f"{name} is {value!r}: expected a finite number of at least {lowest}")
    return float(value)


def whole_number(name: str, value: Any, lowest: int) -> int:
    """Return a whole number as an int; ValueError if it is below `lowest` or not whole.

    Example:
        >>> whole_number("samples", 5.0, 1)
        5
    """
    number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not number or int(value) != value or value < lowest:
        raise ValueError(f"{name} is {value!r}: expected a whole number of at least {lowest}")
    return int(value)
