"""JSON that every reader understands alike: no key twice, no NaN, no number beyond a double."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn


def read_json(path: Path) -> Any:
    """Return the content of a JSON file; ValueError for what is none, or could be read in two ways."""
    try:
        return json.loads(
            path.read_text("utf-8"), parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_once
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _no_number(text)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} appears in it twice")
        found[key] = value
    return found
