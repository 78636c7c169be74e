"""The SavedModel: for TensorFlow itself, TensorFlow Serving and TensorFlow's C library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import keras

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
    archive.write_out(str(path), verbose=False)
    operators = Counter(
        node.op
        for function in functions.values()
        for node in function.get_concrete_function().graph.as_graph_def().node
    )
    return Artifact("saved_model", "float32", tuple(functions), dict(sorted(operators.items())))
