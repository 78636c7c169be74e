"""Presets are data: one JSON file each, read here."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from keras_vae.registry import check_known


def preset_names() -> list[str]:
    """Return the names of all presets, sorted.

    Example:
        >>> "mnist_mlp" in preset_names()
        True
    """
    files = resources.files("keras_vae.presets").iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def read_preset(name: str) -> dict[str, Any]:
    """Return a preset's settings.

    Keys: `description`, `default_for` (datasets, image shapes or "*"), `image_shape`, `latent_dim` (None where the
    `latent_maps` of the network decide it), `network` (its `kind` and arguments), `likelihood`, `posterior`, `prior`,
    `objective`, and `training` (`optimizer`, `learning_rate`, `batch_size`, `epochs`, `augment` and perhaps `sampler`:
    what `keras-vae train` takes); and, where trained weights come with it, `trained`: on what,
    how (not by `training`), and what they reach.

    Raises:
        ValueError: an unknown name; close ones are given.
    """
    check_known("preset", name, preset_names())
    return json.loads(resources.files("keras_vae.presets").joinpath(f"{name}.json").read_text("utf-8"))


def default_preset(dataset: str, image_shape: tuple[int, int, int]) -> str:
    """Return the preset for a dataset: one that names it, else one that names its image shape, else a general one.

    Example:
        >>> default_preset("digits", (8, 8, 1)), default_preset("photographs", (96, 64, 3))
        ('digits_mlp', 'image_residual')
    """
    defaults = {key: name for name in preset_names() for key in read_preset(name)["default_for"]}
    shape = "x".join(str(side) for side in image_shape)
    # A named dataset at another size (--image-size) is no longer what its preset was made for.
    named = defaults.get(dataset.split(":")[0].split("/")[0])
    if named and tuple(read_preset(named)["image_shape"]) == tuple(image_shape):
        return named
    return defaults.get(shape, defaults["*"])
