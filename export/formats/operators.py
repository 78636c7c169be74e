"""Which operators a file uses, counted in the file itself."""

from __future__ import annotations

import importlib
from pathlib import Path


def count_operators(path: Path, runtime: str) -> dict[str, int]:
    """Return how often a file uses each operator of its format.

    Args:
        path: the file, or the SavedModel's folder.
        runtime: "saved_model", "tflite" or "onnx".

    Raises:
        Inexpressible: a TFLite file with operators that are not built in, or an invalid ONNX file.
    """
    return importlib.import_module(f"keras_vae.export.formats.{runtime}").count_operators(path)
