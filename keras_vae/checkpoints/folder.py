"""A folder with the last checkpoint of a training and the one before."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from keras_vae.checkpoints.format import PARTIAL, DamagedState, read_state, write_state
from keras_vae.files.disk_errors import could_not_write


class Saved(NamedTuple):
    """What a checkpoint holds, and its file."""

    path: Path
    facts: dict[str, Any]
    state: list[np.ndarray]


def checkpoints_in(folder: Path) -> list[Path]:
    """Return the checkpoints' files, the newest first; none where there is no folder."""
    return sorted(folder.glob("step-*.checkpoint"), reverse=True)


def newest_whole(folder: Path, note: Callable[[str], object]) -> Saved | None:
    """Return the newest checkpoint that is whole; None where the folder holds none.

    Args:
        folder: of the checkpoints.
        note: told, in a line, of each checkpoint passed over because it is damaged.

    Raises:
        ValueError: checkpoints, but none of them whole.
    """
    damaged = []
    for path in checkpoints_in(folder):
        try:
            saved = Saved(path, *read_state(path))
        except DamagedState as error:
            damaged.append(error)
            continue
        for error in damaged:
            note(f"note: {error}; going on from the one before, {path.name}")
        return saved
    if damaged:
        raise ValueError(f"no checkpoint in {folder} is complete ({damaged[0]}): expected one; start again")
    return None


def identify(saved: Saved | None) -> str:
    """Return a checkpoint's name and the SHA-256 that it ends with, in a few words; "none" for None."""
    if saved is None:
        return "none"
    with saved.path.open("rb") as file:
        file.seek(-32, os.SEEK_END)
        return f"{saved.path.name} ({file.read().hex()[:12]})"


def save(folder: Path, step: int, facts: Mapping[str, Any], state: Sequence[np.ndarray], before: Path | None) -> Path:
    """Write a checkpoint and remove all but it and the one before.

    Args:
        folder: made when it is needed.
        step: training steps done, for the file's name.
        facts: what JSON can hold.
        state: the arrays.
        before: the last checkpoint known to be whole.

    Returns:
        The file.

    Raises:
        OSError: the disk is full or cannot be written; the checkpoints already there are as they were.
    """
    path = folder / f"step-{step:09d}.checkpoint"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_state(path, facts, state)
    except OSError as error:
        kept = f"{before} is whole; make room, then resume" if before else "there is none before it; make room"
        raise could_not_write(f"checkpoint {path}", error, kept) from error
    for other in checkpoints_in(folder):
        if other not in (path, before):
            other.unlink()
    return path


def remove_half_written(folder: Path) -> None:
    """Remove what a killed process left of a checkpoint that was not whole yet."""
    (folder / PARTIAL).unlink(missing_ok=True)
