"""Trained weights that come with some presets: one file each, float16, read and written here."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np

from keras_vae.files.written_whole import written_whole
from keras_vae.presets.read import preset_names, read_preset


def trained_preset_names() -> list[str]:
    """Return the names of the presets that come with trained weights, sorted."""
    return [name for name in preset_names() if "trained" in read_preset(name)]


def read_weights(name: str) -> list[np.ndarray]:
    """Return a preset's trained weights, float32, in the order in which `write_weights` got them.

    Raises:
        ValueError: an unknown preset, or one without trained weights; those with are named.
    """
    preset = read_preset(name)
    if "trained" not in preset:
        raise ValueError(
            f"preset {name!r} comes without trained weights: expected {' or '.join(trained_preset_names())}; "
            f"or train it: keras-vae train --preset {name}"
        )
    with (
        resources.files("keras_vae.presets").joinpath(f"{name}.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as weights,
    ):
        return [weights[key].astype(np.float32) for key in sorted(weights.files)]


def write_weights(weights: list[np.ndarray], path: Path) -> None:
    """Write weights as `read_weights` reads them.

    Raises:
        ValueError: weights beyond float16's range.
    """
    with np.errstate(over="ignore"):
        halves = {f"{number:03}": np.asarray(weight).astype(np.float16) for number, weight in enumerate(weights)}
    if not all(np.isfinite(half).all() for half in halves.values()):
        raise ValueError("weights are not all finite in float16: expected magnitudes up to 65504; train again")
    with written_whole(path) as beside:
        np.savez_compressed(beside, **halves)
