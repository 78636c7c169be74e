"""One process at a time writes an output: the others are told at their start."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from keras_vae.files.places import check_folder_place

# A lock that is being let go is free by then.
SECONDS = 0.5
# How often a folder above may go that another process had made for its own lock.
TRIES = 20


@contextmanager
def one_writer(name: str, path: Path) -> Iterator[None]:
    """Hold a folder that is to be written against all other processes; blocks of one thread may be nested.

    The lock is a file beside the folder, and the system's: that of a killed process holds nobody up. It goes at the
    end, as do folders above that were made for it and hold nothing else.

    Args:
        name: of the argument, for messages.
        path: the folder to write, which need not exist.

    Raises:
        ValueError: a folder that another process is writing, or a place where something else stands.
        OSError: one whose parent cannot be written, or a disk that knows no locks.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, one_writer("output", Path(folder, "run")):
        ...     [path.name for path in Path(folder).iterdir()]
        ['.run.keras_vae.lock']
    """
    check_folder_place(name, path)
    target = Path(os.path.realpath(path))
    missing = [parent for parent in target.parents if not parent.exists()]
    lock = FileLock(target.with_name(f".{target.name}.keras_vae.lock"), is_singleton=True)
    try:
        _acquire(lock, target.parent)
    except Timeout:
        raise ValueError(
            f"{name} {path} is being written by another training or export: expected one at a time; wait until it "
            f"ends, or choose another {name}"
        ) from None
    except OSError as error:
        _remove_empty(missing)
        raise OSError(f"{name} {path} cannot be written ({error.strerror or error}); choose another {name}") from error
    try:
        yield
    finally:
        if lock.lock_counter == 1:  # removed while it is held: whoever opened it before finds it gone, and tries again
            with contextlib.suppress(OSError):
                os.unlink(lock.lock_file)
        lock.release()
        _remove_empty(missing)


def _acquire(lock: BaseFileLock, folder: Path) -> None:
    for tries_left in reversed(range(TRIES)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=SECONDS)
            return
        # The other let go of its lock, and removed the folder before ours was in it. `Path.mkdir` says that it exists
        # where it went between its making and the question whether it is a folder.
        except (FileNotFoundError, FileExistsError):
            if not tries_left:
                raise


def _remove_empty(folders: list[Path]) -> None:
    with contextlib.suppress(OSError):
        for folder in folders:
            folder.rmdir()
