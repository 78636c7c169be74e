"""The bundle: one folder that carries a model out of Python."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae.export.contents.golden import golden_values
from keras_vae.export.contents.json_file import write_json
from keras_vae.export.contents.manifest import NAME, file_list, manifest
from keras_vae.export.contents.model_card import model_card
from keras_vae.export.formats import onnx as onnx_files
from keras_vae.export.formats import tflite as tflite_files
from keras_vae.export.formats.artifact import Artifact, Inexpressible
from keras_vae.export.formats.calibration import calibration_latents
from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import Function, signatures
from keras_vae.export.formats.single_precision import in_float32
from keras_vae.models.vae import VAE
from keras_vae.pictures.samples import samples

SAMPLES, SAMPLES_SEED = 64, 7


def export_bundle(
    model: VAE,
    directory: str | os.PathLike,
    representative_data: Iterable[Any] | None = None,
    *,
    metrics: Mapping[str, Any] | None = None,
) -> Path:
    """Write a model as SavedModel, TFLite and ONNX files, with manifest, golden values, samples and a model card.

    A model trained in mixed precision is exported in float32. A file whose format cannot express the model is left
    out with a warning, and the manifest says why.

    Args:
        model: the model, trained or not.
        directory: the folder to write, which must be empty or not exist. It appears when it is whole.
        representative_data: batches of images float `[n, H, W, C]` in [0, 1], or tuples that begin with one, whose
            latents calibrate the int8 decoder beside the prior's; None (the default) takes the prior's alone.
        metrics: of the model on test images, in nats an image, for manifest and model card; None by default.

    Returns:
        The folder.

    Raises:
        ValueError: a model that is no VAE or not finite, a folder that holds something, unusable images.
        OSError: a folder that cannot be written.
    """
    directory = Path(directory)
    _check_model(model)
    _check_free(directory)
    model = in_float32(model)
    latents = calibration_latents(model, representative_data)
    golden = golden_values(model)
    with _writing(directory) as folder:
        functions = signatures(model)
        artifacts, not_written = _write_artifacts(functions, latents, folder)
        write_json(golden, folder / "golden.json")
        samples(model.generate(SAMPLES, seed=SAMPLES_SEED), folder / "samples.png")
        content = manifest(model, functions, folder, artifacts, not_written, metrics)
        (folder / "README.md").write_text(model_card(content), "utf-8")
        write_json({**content, "files": file_list(folder)}, folder / NAME)
    return directory


def _check_model(model: Any) -> None:
    if not isinstance(model, VAE):
        raise ValueError(f"model is a {type(model).__name__}: expected a keras_vae.VAE; build one around your networks")
    if not model.built:
        raise ValueError("the model was never built: expected one with weights; call it on a batch of images once")
    for weight in model.weights:
        if not np.isfinite(np.asarray(weight.numpy(), np.float64)).all():
            raise ValueError(f"the model's weight {weight.path} is not finite: expected numbers; train it again")


def _check_free(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise ValueError(f"directory {directory} is a file: expected a folder; choose another")
    if directory.is_dir() and any(directory.iterdir()):
        raise ValueError(f"directory {directory} is not empty: expected a new or empty folder; choose another")


@contextmanager
def _writing(directory: Path) -> Iterator[Path]:
    """Give a folder beside `directory` that takes its name when the block ends well and goes when it fails."""
    target = directory.resolve()
    folder = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    folder.mkdir(parents=True)
    try:
        yield folder
        if target.is_dir():
            target.rmdir()  # it was empty; fails if it no longer is
        folder.rename(target)
    except tf.errors.OpError as error:
        raise OSError(f"could not write {directory}: {str(error).splitlines()[0]}; choose another folder") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_artifacts(
    functions: Mapping[str, Function], latents: np.ndarray, folder: Path
) -> tuple[dict[str, Artifact], dict[str, str]]:
    """Write every loadable file; return what each is, and why others could not be written."""
    artifacts, not_written = {}, {}
    for path, write in _writers(functions, latents, folder).items():
        (folder / path).parent.mkdir(exist_ok=True)
        try:
            artifacts[path] = write(folder / path)
        except Inexpressible as error:
            not_written[path] = str(error)
            warnings.warn(f"{path} is not in the bundle: {error}", stacklevel=3)
    for format_folder in {(folder / path).parent for path in not_written}:
        if not any(format_folder.iterdir()):
            format_folder.rmdir()
    return artifacts, not_written


def _writers(
    functions: Mapping[str, Function], latents: np.ndarray, folder: Path
) -> dict[str, Callable[[Path], Artifact]]:
    saved_model, names = folder / "saved_model", list(functions)

    def tflite(precision: str) -> Callable[[Path], Artifact]:
        return lambda path: tflite_files.write_tflite(saved_model, path, names, precision)

    def onnx(name: str) -> Callable[[Path], Artifact]:
        return lambda path: onnx_files.write_onnx(name, functions[name], path)

    return {
        "saved_model": lambda path: write_saved_model(functions, path),
        "tflite/vae.tflite": tflite("float32"),
        "tflite/vae.float16.tflite": tflite("float16"),
        "tflite/vae.dynamic.tflite": tflite("dynamic"),
        "tflite/decoder.int8.tflite": lambda path: tflite_files.write_int8_decoder(saved_model, path, latents),
        **{f"onnx/{name}.onnx": onnx(name) for name in onnx_files.NAMES},
        "onnx/decode.int8.onnx": lambda path: onnx_files.write_int8_decoder(folder / "onnx/decode.onnx", path),
    }
