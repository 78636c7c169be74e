"""How an error names a value: in one short line, whatever it is."""

from __future__ import annotations

import reprlib
from typing import Any

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 160
_LONGEST = 200


def shown(value: Any) -> str:
    """Return a value in one line of at most 200 characters: arrays and tensors as their type, dtype and shape.

    Example:
        >>> import numpy as np
        >>> shown("mnist"), shown(np.zeros([4, 8])), shown([1, "a"])
        ("'mnist'", 'ndarray float64 [4, 8]', "[1, 'a']")
    """
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    try:
        if dtype is not None and len(shape):  # a scalar tells more by its value
            name = getattr(dtype, "name", None) or str(dtype)
            return f"{type(value).__name__} {name} {list(shape)}"
        text = " ".join(_SHORT.repr(value).split())
    except Exception:  # a repr that fails, digits beyond Python's limit, a tensor of unknown rank
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, cut to 200 characters; its type's name where it says nothing.

    Example:
        >>> first_line(ValueError("no such layer\\nTraceback ..."))
        'no such layer'
    """
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
