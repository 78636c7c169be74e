"""JSON that people can read and programs can trust."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write a JSON file, numbers in full, a list of them on one line; ValueError where one is not finite."""
    text = json.dumps(content, indent=2, allow_nan=False)
    # Strings hold no bare line breaks, so joining lines inside brackets leaves them as they are.
    text = re.sub(r"\[[^\[\]{}]*\]", lambda items: re.sub(r"(,?)\n\s*", _joined, items[0]), text)
    path.write_text(text + "\n", "utf-8")


def _joined(line_break: re.Match) -> str:
    return ", " if line_break[1] else ""
