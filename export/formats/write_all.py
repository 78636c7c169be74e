"""All loadable files of a bundle: where each stands and what writes it."""

from __future__ import annotations

import dataclasses
import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import onnx

from keras_vae.export.contents.purposes import INTEGER_DECODER, ONNX
from keras_vae.export.formats import onnx as onnx_files
from keras_vae.export.formats.artifact import Artifact, Inexpressible
from keras_vae.export.formats.onnx_float16 import in_float16
from keras_vae.export.formats.onnx_int8 import in_int8
from keras_vae.export.formats.onnx_static import static
from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import Function
from keras_vae.export.formats.tflite import TFLiteFiles, write_static
from keras_vae.export.formats.tflite_int8 import Int8Decoders

Writer = Callable[[Path], Artifact]
_log = logging.getLogger("keras_vae.export")


def write_all(
    signatures: Callable[..., Mapping[str, Function]],
    calibration: Mapping[str, np.ndarray],
    folder: Path,
    paths: Iterable[str],
) -> tuple[dict[str, Artifact], dict[str, str]]:
    """Write every file that its format can express.

    Args:
        signatures: gives the model's graphs, with the keyword `batch` those of a fixed batch, as
            `keras_vae.export.formats.signatures.signatures` does.
        calibration: inputs of `decode` by name, `[m, ...]` each, from which the integer decoders learn their ranges.
        folder: the bundle.
        paths: of the files to write, in the bundle; the SavedModel, from which others are made, must come first.

    Returns:
        What each file is, and why others could not be written, by the path in the bundle.
    """
    artifacts, not_written = {}, {}
    with tempfile.TemporaryDirectory() as beside:
        link = Path(beside, "saved_model")  # since TensorFlow takes brackets in a path for a pattern
        link.symlink_to(folder.absolute() / "saved_model", target_is_directory=True)
        writers = _writers(signatures, calibration, link, Path(beside))
        for path in paths:
            _log.info("writing %s", path)
            (folder / path).parent.mkdir(exist_ok=True)
            try:
                artifacts[path] = writers[path](folder / path)
            except Inexpressible as error:
                not_written[path] = str(error)
    return artifacts, not_written


def _writers(
    signatures: Callable[..., Mapping[str, Function]],
    calibration: Mapping[str, np.ndarray],
    saved_model: Path,
    beside: Path,
) -> dict[str, Writer]:
    functions = signatures()
    int8, shared = Int8Decoders(saved_model, calibration), TFLiteFiles(saved_model)

    @cache
    def onnx_model(name: str) -> onnx.ModelProto:
        return onnx_files.converted(name, functions[name])

    @cache
    def static_saved_model() -> Path:
        write_saved_model(signatures(batch=1), beside / "static")
        return beside / "static"

    def tflite(precision: str) -> Writer:
        return lambda path: _with_score(lambda names: shared.write(path, names, precision), list(functions))

    def static_tflite(name: str) -> Writer:
        return lambda path: write_static(static_saved_model(), path, name)

    def from_onnx(name: str, change: Callable[[onnx.ModelProto], onnx.ModelProto], *facts: str | int) -> Writer:
        return lambda path: onnx_files.write_model(change(onnx_model(name)), path, *facts)  # pyright: ignore

    return {
        "saved_model": lambda path: write_saved_model(functions, path),
        "tflite/vae.tflite": tflite("float32"),
        "tflite/vae.float16.tflite": tflite("float16"),
        "tflite/vae.dynamic.tflite": tflite("dynamic"),
        "tflite/decoder.int8.tflite": int8.write,
        **{f"tflite/{name}.1.tflite": static_tflite(name) for name in functions},
        **{f"onnx/{name}.onnx": from_onnx(name, lambda model: model) for name in ONNX},
        **{f"onnx/{name}.1.onnx": from_onnx(name, static, "float32", 1) for name in ONNX},
        **{f"onnx/{name}.float16.onnx": from_onnx(name, in_float16, "float16") for name in ("encode", "decode")},
        "onnx/decode.int8.onnx": from_onnx("decode", lambda model: in_int8(model, calibration), "int8"),
        INTEGER_DECODER: int8.write_integers,
    }


def _with_score(write: Callable[[list[str]], Artifact], names: list[str]) -> Artifact:
    """Write a file with all signatures, or without `score` where it is that which the format cannot express."""
    try:
        return write(names)
    except Inexpressible as error:
        artifact = write([name for name in names if name != "score"])
        return dataclasses.replace(artifact, lacks={"score": str(error)})
