"""The manifest: what a bundle holds, in JSON, for programs that know nothing of Keras."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_vae.export.formats.artifact import Artifact
from keras_vae.export.formats.signatures import Function, describe
from keras_vae.models.vae import VAE
from keras_vae.random.portable import specification

NAME = "manifest.json"
SCHEMA_VERSION = 1

# The largest difference of one pixel from Keras; what a file costs in nats is measured apart.
TOLERANCES = {"float32": 1e-5, "float16": 1e-2, "dynamic": 0.2, "int8": 0.3}

PACKAGES = (
    "keras_vae",
    "keras",
    "tensorflow",
    "tensorflow-probability",
    "tf2onnx",
    "onnx",
    "onnxruntime",
    "ai-edge-litert",
    "numpy",
)


def manifest(
    model: VAE,
    functions: Mapping[str, Function],
    folder: Path,
    artifacts: Mapping[str, Artifact],
    not_written: Mapping[str, str],
    metrics: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the manifest of a folder whose other files are all written.

    Args:
        model: the model exported.
        functions: its signatures.
        folder: the bundle so far.
        artifacts: what each loadable file is, by its path in the folder.
        not_written: why a file is missing, by the path it would have.
        metrics: of the model on test images, in nats an image; None if nobody measured them.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "model": {
            "image_shape": list(model.image_shape),
            "latent_dim": model.latent_dim,
            "likelihood": _settings(model.likelihood),
            "prior": _settings(model.prior_family),
            "posterior": _settings(model.posterior_family),
            "parameters": {"encoder": _parameters(model.encoder), "decoder": _parameters(model.decoder)},
        },
        "preprocessing": {
            "layout": ["n", "height", "width", "channels"],
            "dtype": "float32",
            "range": [0.0, 1.0],
            "from_bytes": "byte / 255",
            "channels": "gray" if model.image_shape[-1] == 1 else "red, green, blue",
        },
        "signatures": {name: describe(function) for name, function in functions.items()},
        "artifacts": {path: dataclasses.asdict(artifact) for path, artifact in artifacts.items()},
        "not_written": dict(not_written),
        "tolerances": TOLERANCES,
        "metrics": None if metrics is None else dict(metrics),
        "generator": specification(model.latent_dim),
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
        "files": file_list(folder),
    }


def file_list(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size in bytes and SHA-256 of every file but the manifest, by its path with forward slashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME)
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in paths
    }


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settings(layer: keras.layers.Layer) -> dict[str, Any]:
    config = {key: value for key, value in layer.get_config().items() if key not in ("name", "trainable", "dtype")}
    return {"name": type(layer).__name__, **config}


def _parameters(network: keras.Model) -> int:
    return int(sum(np.prod(weight.shape, dtype=np.int64) for weight in network.weights))
