"""The bundle of a preset's weights: written where the user says, or kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from rich.console import Console

from keras_vae.command_line.quiet_start import load_tensorflow
from keras_vae.data.cache import cache_folder
from keras_vae.files.one_writer import one_writer
from keras_vae.presets.shared import is_shared, read_shared
from keras_vae.presets.weights import read_weights


def write_preset_bundle(preset: str, directory: Path, console: Console, purposes: Sequence[str] = ()) -> None:
    """Export the model of a preset's weights, with what the preset says that these reach.

    Args:
        preset: its name, or where a shared one is.
        directory: the folder to write.
        console: where the files that could not be written are named.
        purposes: for which alone to write files, as `export_bundle` takes them; none (the default) are the usual ones.

    Raises:
        ValueError: a preset that does not exist or comes without weights.
        OSError: a folder that cannot be written.
    """
    shared = read_shared(preset) if is_shared(preset) else None
    if shared is None:
        read_weights(preset)  # before TensorFlow is loaded
    load_tensorflow()
    from keras_vae.command_line.bundle_of_run import exporting
    from keras_vae.export import export_bundle
    from keras_vae.models.vae import VAE
    from keras_vae.presets.read import read_preset

    model = VAE.from_preset(preset, load_weights=True)
    metrics = read_preset(preset)["trained"]["test"] if shared is None else shared.metrics
    with exporting(console):
        export_bundle(model, directory, metrics=metrics, purposes=purposes)


def cached_preset_bundle(preset: str, console: Console) -> Path:
    """Return the bundle of a preset's weights in the user's cache, where its first use writes it.

    Another version of keras_vae, and other weights, have their own. One that is damaged is written again.

    Raises:
        ValueError: a preset that does not exist or comes without weights, or one that another process is exporting.
        OSError: a cache folder that cannot be written.
    """
    read_weights(preset)
    place = cache_folder() / "bundles" / f"{preset}-{_version(preset)}"
    if not _is_whole(place):
        with one_writer("XDG_CACHE_HOME", place):
            shutil.rmtree(place, ignore_errors=True)
            console.print(f"exporting preset {preset} once, to {place}: about half a minute", soft_wrap=True)
            write_preset_bundle(preset, place, console)
    return place


def _version(preset: str) -> str:
    folder = resources.files("keras_vae.presets")
    digest = hashlib.sha256(importlib.metadata.version("keras_vae").encode())
    for ending in (".json", ".npz"):
        digest.update(folder.joinpath(preset + ending).read_bytes())
    return digest.hexdigest()[:20]


def _is_whole(bundle: Path) -> bool:
    from keras_vae.export.verification.integrity import check_files, read_manifest

    try:
        return not check_files(bundle, read_manifest(bundle))
    except ValueError:
        return False
