"""Folders that are whole or not there: written beside their place, then renamed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_vae.files.disk_errors import could_not_write
from keras_vae.files.one_writer import one_writer


def check_free(name: str, folder: Path) -> None:
    """Raise ValueError, naming the argument, for a folder that holds something."""
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{name} {folder} is not empty: expected a new or empty folder; choose another {name}")


@contextmanager
def folder_written_whole(
    name: str, folder: Path, full: type[Exception] | tuple[type[Exception], ...] = OSError
) -> Iterator[Path]:
    """Give a folder beside `folder` to write to; it takes its place when the block ends well, and goes when it fails.

    What killed processes left there goes as well: one process at a time holds the place.

    Args:
        name: of the argument, for messages.
        folder: the folder to write, which must be empty or not exist.
        full: what those who write raise where there is no room; OSError by default.

    Raises:
        ValueError: a folder that holds something or that another process is writing.
        OSError: one that cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     with folder_written_whole("folder", Path(parent, "preset")) as beside:
        ...         _ = (beside / "config.json").write_text("{}")
        ...     [path.name for path in Path(parent).rglob("*")]
        ['preset', 'config.json']
    """
    with one_writer(name, folder):
        check_free(name, folder)
        target = folder.resolve()
        for path in target.parent.iterdir():
            if re.fullmatch(re.escape(f".{target.name}.") + r"\d+\.unfinished", path.name):
                shutil.rmtree(path)
        beside = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
        beside.mkdir()
        try:
            yield beside
            if target.is_dir():
                target.rmdir()  # it was empty; fails if it no longer is
            beside.rename(target)
        except full as error:
            raise could_not_write(folder, error, "make room or choose another folder") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
