"""Whether a resumed training is the one that was interrupted, and whether all workers run the same one."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_vae.checks.kind import check_kind
from keras_vae.data.arrays import ImageArrays
from keras_vae.multi_device.collectives import assert_same_on_workers
from keras_vae.runs.settings import Settings

PACKAGES = ("keras_vae", "tensorflow", "keras", "tensorflow-probability", "numpy")
MEND = "or start again with --overwrite"


def check_same_settings(saved: Mapping[str, Any], settings: Settings, source: Path) -> None:
    """Raise ValueError, naming what differs, unless settings are those of a checkpoint; None is equal to anything.

    Args:
        saved: the interrupted training's settings, completed, as a dict.
        settings: those of now.
        source: the checkpoint.
    """
    check_kind(f"what {source} says of its settings", saved, Mapping, f"settings by name; restore it, {MEND}")
    now, then = dataclasses.asdict(settings), dataclasses.asdict(Settings.of_record(saved, source))
    differing = [name for name, value in now.items() if value not in (None, then[name]) and name != "memory_budget"]
    if differing:
        said = ", ".join(f"{name} is {now[name]!r} where it was {then[name]!r}" for name in differing)
        raise ValueError(
            f"--resume of {source} has other arguments ({said}): expected those of the first call; repeat them, {MEND}"
        )


def digests(arrays: Mapping[str, ImageArrays]) -> dict[str, str]:
    """Return the SHA-256 of each split's pixels."""
    return {split: images.digest() for split, images in arrays.items()}


def label_digests(arrays: Mapping[str, ImageArrays]) -> dict[str, str]:
    """Return the SHA-256 of each split's labels: a file moved to another class may leave all pixels in place."""
    return {
        split: hashlib.sha256(images.labels.astype("<i4").tobytes()).hexdigest()
        for split, images in arrays.items()
        if images.labels is not None
    }


def check_same_training(strategy: tf.distribute.Strategy, settings: Settings, more: Mapping[str, Any]) -> None:
    """Raise ValueError, naming what differs, unless all workers run the same versions and settings.

    Args:
        strategy: under which the model trains; all its workers must call this together.
        settings: what to train on and how.
        more: what else must be the same, by name, in JSON's types.
    """
    versions = {f"the version of {name}": importlib.metadata.version(name) for name in PACKAGES}
    assert_same_on_workers(strategy, {**versions, **dataclasses.asdict(settings), **more})


def check_same_images(saved: Mapping[str, str], now: Mapping[str, str], source: Path, what: str = "images") -> None:
    """Raise ValueError unless the images, or their labels, are those of a checkpoint, by their digests."""
    check_kind(f"what {source} says of its {what}", saved, Mapping, f"digests by split; restore it, {MEND}")
    changed = [split for split in now if now[split] != saved.get(split)]
    if changed:
        raise ValueError(
            f"--resume of {source} has other {what}, those of {' and '.join(changed)} changed since: expected the "
            f"same; restore them, {MEND}"
        )
