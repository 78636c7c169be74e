"""All loadable files of a bundle: where each stands and what writes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from keras_vae.export.formats import onnx as onnx_files
from keras_vae.export.formats import tflite as tflite_files
from keras_vae.export.formats.artifact import Artifact, Inexpressible
from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import Function


def write_all(
    functions: Mapping[str, Function], calibration: Mapping[str, np.ndarray], folder: Path
) -> tuple[dict[str, Artifact], dict[str, str]]:
    """Write every file that its format can express.

    Args:
        functions: from `keras_vae.export.formats.signatures.signatures`.
        calibration: inputs of `decode` by name, `[m, ...]` each, from which the full-integer decoder learns its ranges.
        folder: the bundle.

    Returns:
        What each file is, and why others could not be written, by the path in the bundle.
    """
    artifacts, not_written = {}, {}
    for path, write in _writers(functions, calibration, folder).items():
        (folder / path).parent.mkdir(exist_ok=True)
        try:
            artifacts[path] = write(folder / path)
        except Inexpressible as error:
            not_written[path] = str(error)
    return artifacts, not_written


def _writers(
    functions: Mapping[str, Function], calibration: Mapping[str, np.ndarray], folder: Path
) -> dict[str, Callable[[Path], Artifact]]:
    saved_model, names = folder / "saved_model", list(functions)

    def tflite(precision: str) -> Callable[[Path], Artifact]:
        return lambda path: _with_score(
            lambda some: tflite_files.write_tflite(saved_model, path, some, precision), names
        )

    def onnx(name: str) -> Callable[[Path], Artifact]:
        return lambda path: onnx_files.write_onnx(name, functions[name], path)

    return {
        "saved_model": lambda path: write_saved_model(functions, path),
        "tflite/vae.tflite": tflite("float32"),
        "tflite/vae.float16.tflite": tflite("float16"),
        "tflite/vae.dynamic.tflite": tflite("dynamic"),
        "tflite/decoder.int8.tflite": lambda path: tflite_files.write_int8_decoder(saved_model, path, calibration),
        **{f"onnx/{name}.onnx": onnx(name) for name in onnx_files.NAMES},
        "onnx/decode.int8.onnx": lambda path: onnx_files.write_int8_decoder(folder / "onnx/decode.onnx", path),
    }


def _with_score(write: Callable[[list[str]], Artifact], names: list[str]) -> Artifact:
    """Write a file with all signatures, or without `score` where it is that which the format cannot express."""
    try:
        return write(names)
    except Inexpressible as error:
        artifact = write([name for name in names if name != "score"])
        return dataclasses.replace(artifact, lacks={"score": str(error)})
