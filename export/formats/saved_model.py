"""The SavedModel: for TensorFlow itself, TensorFlow Serving and TensorFlow's C library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_vae.export.formats.artifact import Artifact
from keras_vae.export.formats.signatures import Function
from keras_vae.private_interfaces import write_fingerprint


def write_saved_model(functions: Mapping[str, Function], path: Path) -> Artifact:
    """Write all signatures as one SavedModel.

    Args:
        functions: from `keras_vae.export.formats.signatures.signatures`.
        path: the folder to write.
    """
    archive = keras.export.ExportArchive()
    # The model itself is not tracked, which would store its weights twice: the functions hold what they use.
    for name, function in functions.items():
        archive.add_endpoint(name, function)
    # Custom gradients, those of swish and gelu, take four fifths of a deep model's time, and its readers' too.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    archive.write_out(str(path), options, verbose=False)  # pyright: ignore[reportAttributeAccessIssue]  TensorFlow's
    _forget_custom_gradients(path)
    return Artifact("saved_model", "float32", tuple(functions), count_operators(path))


def count_operators(path: Path) -> dict[str, int]:
    """Return how often a SavedModel uses each operator; see `keras_vae.export.formats.artifact`."""
    return dict(sorted(Counter(node.op for node in _nodes(_read(path))).items()))


def _forget_custom_gradients(path: Path) -> None:
    """Take their names from the operators, which then have the gradients of what they are made of."""
    saved = _read(path)
    for node in _nodes(saved):
        node.attr.pop("_gradient_op_type", None)
    (path / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))
    write_fingerprint(path)


def _read(path: Path) -> saved_model_pb2.SavedModel:
    return saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())


def _nodes(saved: saved_model_pb2.SavedModel) -> Iterator[Any]:
    for graph in (meta.graph_def for meta in saved.meta_graphs):
        yield from graph.node
        for function in graph.library.function:
            yield from function.node_def
