"""One exported file: what is said of it, its operators, and why a format may refuse a model."""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from keras_vae.export.formats.integers import Quantization


@dataclass(frozen=True)
class Artifact:
    """What the manifest says of a file (or the SavedModel's folder) beside its size and hash.

    Attributes:
        runtime: "saved_model", "tflite" or "onnx".
        precision: "float32", "float16", "dynamic" (int8 weights, float activations), "int8", or "integer" (its
            interface too).
        signatures: which it has.
        operators: how often it uses each operator of its format.
        batch: the number of images a call takes; None where it is free.
        largest_error: of a pixel in [0, 1] against Keras; None where the file gives no images.
        nats_lost: Keras' ELBO less that with this file as "decode" or "encode", or as its "score" tells it, in nats
            per image.
        lacks: why it has not all signatures of its kind, by their names.
        quantization: of a file of integers, what its inputs and outputs stand for; see
            `keras_vae.export.formats.integers`.
        arena_bytes: of a file for microcontrollers, the memory that is enough to run it.
        delegates: what the makers of delegates say of the file, by delegate; see
            `keras_vae.export.formats.delegates`.
    """

    runtime: str
    precision: str
    signatures: tuple[str, ...]
    operators: dict[str, int]
    batch: int | None = None
    largest_error: float | None = None
    nats_lost: dict[str, float] = field(default_factory=dict)
    lacks: dict[str, str] = field(default_factory=dict)
    quantization: dict[str, Quantization] | None = None
    arena_bytes: int | None = None
    delegates: dict[str, str] | None = None

    def in_manifest(self) -> dict[str, Any]:
        """Return the manifest's entry: without what does not apply to the file."""
        optional = ("quantization", "arena_bytes", "delegates")
        return {name: value for name, value in asdict(self).items() if value is not None or name not in optional}


class Inexpressible(ValueError):
    """A format has no built-in operator for a part of the model."""


def count_operators(path: Path, runtime: str) -> dict[str, int]:
    """Return how often a file uses each operator of its format.

    Args:
        path: the file, or the SavedModel's folder.
        runtime: "saved_model", "tflite" or "onnx".

    Raises:
        Inexpressible: a TFLite file with operators that are not built in, or an invalid ONNX file.
    """
    return importlib.import_module(f"keras_vae.export.formats.{runtime}").count_operators(path)
