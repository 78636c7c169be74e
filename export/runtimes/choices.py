"""Which runtime runs which format."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_vae.export.runtimes.runtime import Runtime

# By the manifest's name; imported when used, for a program that needs one loads none of the others.
RUNTIMES = {"saved_model": "tensorflow.TensorFlow", "tflite": "litert.LiteRT", "onnx": "onnxruntime.ONNXRuntime"}


def load_runtime(bundle: Path, path: str, artifact: Mapping[str, Any], threads: int = 1) -> Runtime:
    """Load one file of a bundle.

    Args:
        bundle: the bundle's folder.
        path: the file's path in it, a key of the manifest's `artifacts`.
        artifact: the manifest's entry of it.
        threads: how many the runtime may compute with; 1 by default.

    Raises:
        ValueError: a file that cannot be loaded.
    """
    module, name = RUNTIMES[artifact["runtime"]].split(".")
    runtime = getattr(importlib.import_module(f"keras_vae.export.runtimes.{module}"), name)
    return runtime(bundle / path, artifact, threads)
