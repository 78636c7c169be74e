"""What a run, a bundle or a preset is drawn with: a file that needs neither TensorFlow nor Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_vae.command_line.quiet_start import load_tensorflow

if TYPE_CHECKING:
    from keras_vae.export.runtimes.runtime import Runtime

    # A loaded file with the signature `generate`, and the `model` of a manifest, which has its classes.
    Drawn = tuple[Runtime, Mapping[str, Any]]

BUNDLE = "bundle"  # of a run, in its folder


def bundle_of(source: Path) -> Path:
    """Return the bundle that a path means: itself, or that of a run."""
    return source if (source / "manifest.json").is_file() or not (source / BUNDLE).is_dir() else source / BUNDLE


def existing_bundle(source: Path) -> Path:
    """Return the bundle that a path means; ValueError where none is: no bundle is no damaged one."""
    if not source.is_dir():
        raise ValueError(f"{source} is not a folder: expected a bundle, as keras-vae export writes it")
    bundle = bundle_of(source)
    if not os.path.lexists(bundle / "manifest.json"):
        raise ValueError(f"{bundle} has no manifest.json: expected a bundle; write one with keras-vae export")
    return bundle


def file_of_bundle(bundle: Path, runtime: str, precision: str, unchecked: bool = False) -> Drawn:
    """Load the file of a bundle that draws in a runtime.

    Raises:
        ValueError: no bundle, no such file in it, or one that fails its hash unless `unchecked`.
    """
    from keras_vae.export.runtimes.runtime import load_runtime
    from keras_vae.export.verification.integrity import read_manifest

    manifest = read_manifest(bundle)
    path = checked_file(bundle, manifest, "generate", runtime, precision, unchecked)
    if runtime == "saved_model":
        load_tensorflow()
    return load_runtime(bundle, path, manifest["artifacts"][path]), manifest["model"]


def checked_file(
    bundle: Path, manifest: Mapping[str, Any], signature: str, runtime: str, precision: str, unchecked: bool
) -> str:
    """Return the path of a bundle's file with a signature.

    Raises:
        ValueError: no such file, or one that fails its hash unless `unchecked`.
    """
    from keras_vae.export.runtimes.choose_file import choose_file
    from keras_vae.export.verification.integrity import check_artifact

    path = choose_file(manifest, signature, runtime, precision)
    # The other files of the bundle are not this command's business: keras-vae verify checks them all.
    misses = [] if unchecked else check_artifact(bundle, manifest, path)
    if misses:
        raise ValueError(f"in {bundle}, {misses[0]}; or use it --unchecked")
    return path


def file_of_run(run: Path) -> Drawn | None:
    """Load the TFLite file of a run's bundle; None where it has none that is whole and of its model.

    Raises:
        ValueError: a folder that holds no run.
    """
    from keras_vae.runs.run_folder import is_as_trained, read_settings

    read_settings(run)
    if not is_as_trained(run):
        return None
    try:
        return file_of_bundle(run / BUNDLE, "tflite", "float32")
    except ValueError:
        return None


def scores_like_its_bundle(run: Path) -> bool:
    """Return whether the TFLite file of a run's bundle scores what its model would: whole, and of pixels as they are.

    Raises:
        ValueError: a folder that holds no run.
    """
    from keras_vae.export.verification.integrity import read_manifest
    from keras_vae.runs.run_folder import is_as_trained, read_settings

    if read_settings(run).binarize != "none" or not is_as_trained(run):
        return False
    try:
        checked_file(run / BUNDLE, read_manifest(run / BUNDLE), "score", "tflite", "float32", unchecked=False)
    except ValueError:
        return False
    return True


def file_of_preset(preset: str) -> Drawn | None:
    """Load the TFLite file that comes with a preset's weights; None where none does.

    Raises:
        ValueError: an unknown preset.
    """
    from keras_vae.data.labels import classes_and_names
    from keras_vae.export.runtimes.litert import LiteRT
    from keras_vae.presets.read import read_preset
    from keras_vae.presets.shared import is_shared

    if is_shared(preset):
        return None
    classes, names = classes_and_names(read_preset(preset).get("classes"))
    with resources.as_file(resources.files("keras_vae.presets").joinpath(f"{preset}.tflite")) as path:
        if not path.is_file():
            return None
        return LiteRT(path, {"signatures": ["generate"], "batch": None}), {"classes": classes, "class_names": names}
