"""Which presets are shared ones, folders or the hub's, and which are names of our own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from keras_vae.checks.kind import as_path
from keras_vae.presets.folder import PresetFolder, read_folder
from keras_vae.presets.hub import PREFIX, pull
from keras_vae.presets.read import preset_names


def is_shared(preset: Any) -> bool:
    """Return whether a preset is a folder or an address of the hub, rather than one of our names.

    Example:
        >>> is_shared("mnist_mlp"), is_shared("./my_preset"), is_shared("hf://user/name"), is_shared("mnist_mpl")
        (False, True, True, False)
    """
    if isinstance(preset, os.PathLike):
        return True
    if not isinstance(preset, str) or preset in preset_names() or "\0" in preset:
        return False
    return "/" in preset or os.sep in preset or preset in (".", "..", "~") or os.path.isdir(preset)


def is_folder(preset: Any) -> bool:
    """Return whether a preset is a folder."""
    return is_shared(preset) and not str(preset).startswith(PREFIX)


def read_shared(preset: str | os.PathLike[str]) -> PresetFolder:
    """Read a preset that `is_shared`, from the hub if it is an address.

    Raises:
        ValueError: a folder that is none or cannot be used; see `read_folder` and `pull`.
        OSError: what the hub does not give.
    """
    if not is_folder(preset):
        return read_folder(pull(str(preset)))
    return read_folder(Path(os.path.expanduser(as_path("preset", preset))))


def settings_to_train_on(preset: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a shared preset by the names of `read_preset`, to train it with those of a recipe.

    Raises:
        ValueError: as of `read_shared`, or a model that is no VAE.
    """
    shared = read_shared(preset)
    parts = ("latent_dim", "likelihood", "posterior", "prior", "objective")
    if not all(part in shared.arguments for part in parts):
        raise ValueError(
            f"preset {preset} is of class {shared.config['class_name']}: expected a VAE; train it in Python"
        )
    own = {part: shared.arguments[part] for part in parts}
    return {**own, "classes": shared.arguments.get("classes"), "training": recipe["training"]}
