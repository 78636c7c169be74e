"""The SavedModel: for TensorFlow itself, TensorFlow Serving and TensorFlow's C library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from keras_vae.export.formats.artifact import Artifact
from keras_vae.export.formats.signatures import Function


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
    # Nobody differentiates a file; the gradients of swish and gelu took four fifths of a deep model's time.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    archive.write_out(str(path), options, verbose=False)  # pyright: ignore[reportAttributeAccessIssue]  TensorFlow's
    return Artifact("saved_model", "float32", tuple(functions), count_operators(path))


def count_operators(path: Path) -> dict[str, int]:
    """Return how often a SavedModel uses each operator; see `keras_vae.export.formats.artifact`."""
    saved = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    operators: Counter[str] = Counter()
    for graph in (meta.graph_def for meta in saved.meta_graphs):
        operators.update(node.op for node in graph.node)
        operators.update(node.op for function in graph.library.function for node in function.node_def)
    return dict(sorted(operators.items()))
