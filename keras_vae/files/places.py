"""What stands at a place, and whether an output may take it: a device or a named pipe, say, is never replaced."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

_KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind_of(path: Path) -> str | None:
    """Return what stands at a path, links followed, such as "a file"; None where nothing does.

    Example:
        >>> kind_of(Path(".")), kind_of(Path("no/where"))
        ('a folder', None)
    """
    try:
        return _KINDS.get(stat.S_IFMT(path.stat().st_mode), "no file")
    except (FileNotFoundError, NotADirectoryError):
        return None


def check_folder_place(name: str, path: Path) -> None:
    """Raise ValueError, naming the argument, if a folder cannot stand at a path: something else does, or above it.

    TensorFlow takes a path's name for UTF-8, whatever the locale says: any other is refused, too.

    Example:
        >>> check_folder_place("output", Path("/dev/null"))
        Traceback (most recent call last):
        ...
        ValueError: output /dev/null is not free, since /dev/null is a device: expected a folder; choose another output
    """
    if not _is_utf8(path.absolute()):
        raise ValueError(
            f"{name} {str(path)!a} is no name in UTF-8, which TensorFlow reads, but in {sys.getfilesystemencoding()}: "
            "expected one; set PYTHONUTF8=1, or choose a name in ASCII"
        )
    for place in (path, *path.absolute().parents):
        if (kind := kind_of(place)) not in (None, "a folder"):
            raise ValueError(
                f"{name} {path} is not free, since {place} is {kind}: expected a folder; choose another {name}"
            )


def _is_utf8(path: Path) -> bool:
    try:
        return os.fsencode(path) == str(path).encode()
    except UnicodeEncodeError:  # bytes that this locale cannot read
        return False


def check_file_place(name: str, path: Path) -> None:
    """Raise ValueError, naming the argument, unless a path is free or a file's, in a folder that exists."""
    if kind_of(path) not in (None, "a file"):
        raise ValueError(f"{name} {path} is {kind_of(path)}: expected a file or nothing there; choose another {name}")
    if kind_of(path.absolute().parent) != "a folder":
        raise ValueError(
            f"{name} {path} is in a folder that does not exist: expected an existing folder; create {path.parent} first"
        )
