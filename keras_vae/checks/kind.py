"""The checks of what kind of thing a user gives: a path, a switch, a mapping, a function."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from keras_vae.checks.shown import shown


def check_kind(name: str, value: Any, kind: type | tuple[type, ...], expected: str) -> None:
    """Raise ValueError, saying what was expected, unless a value is of a kind.

    Example:
        >>> check_kind("load_weights", "yes", bool, "True or False")
        Traceback (most recent call last):
        ValueError: load_weights is 'yes': expected True or False
    """
    if not isinstance(value, kind):
        raise ValueError(f"{name} is {shown(value)}: expected {expected}")


def as_path(name: str, value: Any) -> Path:
    """Return a path; ValueError for what is none, or what no file can be called.

    Example:
        >>> as_path("folder", "runs/digits").name
        'digits'
    """
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text or not _can_be_encoded(text):
        raise ValueError(f"{name} is {shown(value)}: expected a path, a str or os.PathLike")
    return Path(text)


def _can_be_encoded(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # half a character
        return False
    return True
