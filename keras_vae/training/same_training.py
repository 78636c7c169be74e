"""Whether a resumed training is the one that was interrupted."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.data.arrays import ImageArrays
from keras_vae.training.settings import Settings

MEND = "or start anew with --overwrite"


def check_same_settings(saved: Mapping[str, Any], settings: Settings, source: Path) -> None:
    """Raise ValueError, naming what differs, unless settings are those of a checkpoint; None is equal to anything.

    Args:
        saved: the interrupted training's settings, completed, as a dict.
        settings: those of now.
        source: the checkpoint.
    """
    now = dataclasses.asdict(settings)
    differing = [name for name, value in now.items() if value is not None and value != saved[name]]
    if differing:
        said = ", ".join(f"{name} is {now[name]!r} where it was {saved[name]!r}" for name in differing)
        raise ValueError(f"--resume of {source} with other arguments: {said}; repeat those of the first call, {MEND}")


def digests(arrays: Mapping[str, ImageArrays]) -> dict[str, str]:
    """Return the SHA-256 of each split's pixels."""
    return {
        split: hashlib.sha256(np.ascontiguousarray(images.images).data).hexdigest() for split, images in arrays.items()
    }


def check_same_images(saved: Mapping[str, str], now: Mapping[str, str], source: Path) -> None:
    """Raise ValueError unless the images are those of a checkpoint, by their digests."""
    changed = [split for split in now if now[split] != saved[split]]
    if changed:
        raise ValueError(
            f"--resume of {source} with other images: those of {' and '.join(changed)} changed since; "
            f"restore them, {MEND}"
        )
