"""Models as presets to share: written as a folder or to the hub, and read back."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_vae.checks.kind import as_path, check_kind
from keras_vae.checks.shown import first_line, shown
from keras_vae.files.folder_written_whole import folder_written_whole
from keras_vae.models.finite_weights import unusable_weights
from keras_vae.models.single_precision import float32_copy, with_policy
from keras_vae.models.trusted_classes import check_classes
from keras_vae.presets.folder import WEIGHTS, PresetFolder, write_description
from keras_vae.presets.hub import PREFIX, push


def save_to_preset(self: Any, folder: str | os.PathLike[str], *, metrics: Mapping[str, Any] | None = None) -> None:
    """Write the model as a preset, a folder from which others can build it: `VAE.from_preset(folder)`.

    The folder has the layout of KerasHub: `config.json`, `metadata.json`, `model.weights.h5` (float32, whatever the
    model was trained in), and a model card, `README.md`. The optimizer and the training counters are not included; use
    `save` to keep them.

    Args:
        folder: a folder that is empty or does not exist, and appears only when it is complete; or "hf://user/name", a
            repository on the Hugging Face hub, which is created if it does not exist (extra `hub`).
        metrics: metrics of the model on test images for the model card, such as `keras_vae.evaluate` returns; None by
            default.

    Raises:
        ValueError: if weights are not finite, the folder is not empty, or a hub address is given without the extra
            installed.
        OSError: if the folder cannot be written or the hub cannot be reached.

    Example:
        >>> import tempfile
        >>> from keras_vae import VAE
        >>> model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     model.save_to_preset(parent + "/small")
        ...     again = VAE.from_preset(parent + "/small")
        >>> bool((again.generate(2, seed=7) == model.generate(2, seed=7)).all())
        True
    """
    _check_metrics(metrics)
    if unusable := unusable_weights(self):
        raise ValueError(unusable)
    if isinstance(folder, str) and folder.startswith(PREFIX):
        with tempfile.TemporaryDirectory() as temporary:
            _write(self, Path(temporary), metrics)
            push(Path(temporary), folder)
        return
    with folder_written_whole("folder", as_path("folder", folder)) as beside:
        _write(self, beside, metrics)


def _check_metrics(metrics: Any) -> None:
    expected = "figures by name, as keras_vae.evaluate returns them"
    check_kind("metrics", metrics, (Mapping, type(None)), expected)
    try:
        json.dumps(metrics and dict(metrics), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"metrics is {shown(metrics)} ({first_line(error)}): expected {expected}") from error


def _write(model: Any, folder: Path, metrics: Mapping[str, Any] | None) -> None:
    copy = float32_copy(model)  # also shows that its configuration is enough to build it
    _start_counters(copy)
    copy.save_weights(folder / WEIGHTS)
    config = _without_compilation(keras.saving.serialize_keras_object(copy))
    write_description(folder, config, copy.count_params(), metrics)


def read_model(
    kind: type[Any], preset: PresetFolder, changes: Mapping[str, Any], load_weights: bool, safe_mode: bool
) -> Any:
    """Return the model of a preset's folder, of its own class, under the current dtype policy.

    Args:
        kind: what its class must be, or derive from.
        preset: the folder.
        changes: of its arguments; another `objective` or `seed` is taken, and no change of others.
        load_weights: whether to take its weights.
        safe_mode: whether to refuse classes that are neither Keras' nor ours, and code inside the configuration.

    Raises:
        ValueError: as said, or weights that do not fit.
    """
    if safe_mode:
        check_classes(preset.path, preset.config)
    arguments = {**preset.arguments, **_taken(preset, changes)}
    config = with_policy({**preset.config, "config": arguments}, keras.config.dtype_policy().name)
    try:
        model = keras.saving.deserialize_keras_object(config, safe_mode=safe_mode)
    except Exception as error:  # whatever a class makes of a wrong configuration
        raise ValueError(
            f"the configuration of preset {preset.path} builds no model ({first_line(error)}): expected one of these "
            "versions of keras and keras_vae; get the folder again, or install the versions that metadata.json names"
        ) from error
    if not isinstance(model, kind):
        raise ValueError(
            f"preset {preset.path} is of class {type(model).__name__}: expected {kind.__name__}; use its own"
        )
    if load_weights:
        try:
            model.load_weights(preset.weights)
        except Exception as error:  # of HDF5 or Keras
            raise ValueError(
                f"{preset.weights} does not fit the model of its folder ({first_line(error)}): expected its weights; "
                "get the folder again from its source"
            ) from error
        if unusable := unusable_weights(model):
            raise ValueError(unusable)
        _start_counters(model)
    return model


def _taken(preset: PresetFolder, changes: Mapping[str, Any]) -> dict[str, Any]:
    taken = {}
    for name, value in changes.items():
        own = preset.arguments.get(name)
        given = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        given = list(given) if isinstance(given, tuple) else given
        if given is None or (not hasattr(given, "__array__") and given == own):  # tensors compare element by element
            continue
        if name not in ("objective", "seed") or name not in preset.arguments:
            expected = shown(own) if name in preset.arguments else "no such change"
            raise ValueError(
                f"{name} is {shown(value)} with preset {preset.path}: expected {expected}, which is what its weights "
                "fit; leave it out"
            )
        taken[name] = value
    return taken


def _start_counters(model: Any) -> None:
    for counter in (model.step, model.validation_step):
        counter.assign(0)
    model.faults.forget()


def _without_compilation(config: Any) -> Any:
    """Leave out how models, networks among them, were compiled."""
    if isinstance(config, dict):
        return {key: _without_compilation(value) for key, value in config.items() if key != "compile_config"}
    if isinstance(config, (list, tuple)):
        return [_without_compilation(value) for value in config]
    return config
