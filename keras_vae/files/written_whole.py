"""Files that are whole or not there: written beside their place, then renamed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keras_vae.files.disk_errors import could_not_write
from keras_vae.files.places import kind_of


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, which takes its place when the block ends well, and goes when it fails.

    A link stays, and what it leads to is replaced. What is no file, such as a device or a named pipe, is not touched:
    ValueError.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with written_whole(Path(folder, "figures.json")) as beside:
        ...         _ = beside.write_text("{}")
        ...     [file.name for file in Path(folder).iterdir()]
        ['figures.json']
    """
    path = Path(os.path.realpath(path))
    if kind_of(path) not in (None, "a file"):
        raise ValueError(f"{path} is {kind_of(path)}: expected a file or nothing there; choose another name")
    beside = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")  # Keras goes by the suffix
    try:
        yield beside
        os.replace(beside, path)
    except OSError as error:
        raise could_not_write(path, error, "make room or choose another place") from error
    finally:
        beside.unlink(missing_ok=True)


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a JSON file, numbers in full, a list of them on one line; ValueError where one is not finite."""
    text = json.dumps(content, indent=2, allow_nan=False)
    # Strings hold no bare line breaks, so joining lines inside brackets leaves them as they are.
    text = re.sub(r"\[[^\[\]{}]*\]", lambda items: re.sub(r"(,?)\n\s*", _joined, items[0]), text)
    with written_whole(path) as beside:
        beside.write_text(text + "\n", "utf-8")


def _joined(line_break: re.Match) -> str:
    return ", " if line_break[1] else ""
