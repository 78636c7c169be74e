"""A preset's pictures: `generate` alone as a TFLite file, small enough to come with the package."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import signatures
from keras_vae.export.formats.tflite import converted, converter_for, write_content
from keras_vae.export.formats.tflite_model import model_content, operator_code, read_model
from keras_vae.files.written_whole import written_whole
from keras_vae.models.vae import VAE
from keras_vae.private_interfaces import custom_gradients_forgotten

FEW = 16  # numbers that are no weights: of a formula, such as 1 / 255


def write_generator(model: VAE, path: Path) -> None:
    """Write a model's `generate` with its weights in float16, as a preset has them: it then loses nothing.

    Args:
        model: the model; other weights are rounded.
        path: the file to write.

    Raises:
        Inexpressible: a model that needs an operator that TFLite lacks.
    """
    with tempfile.TemporaryDirectory() as folder, custom_gradients_forgotten():
        write_saved_model({"generate": signatures(model)["generate"]}, Path(folder))
        whole = converter_for(Path(folder), ["generate"])
        half = converter_for(Path(folder), ["generate"])
        half.optimizations, half.target_spec.supported_types = [tf.lite.Optimize.DEFAULT], [tf.float16]
        content = _with_constants(converted(half.convert), converted(whole.convert))
        with written_whole(path) as beside:
            write_content(content, beside, ["generate"], "float16")


def _with_constants(half: bytes, whole: bytes) -> bytes:
    """Return a float16 file in which the few numbers of a constant, which are no weights, are float32 again."""
    model, source = read_model(half), read_model(whole)
    graph: Any
    for graph, before in zip(model.subgraphs, source.subgraphs, strict=True):
        read = {each.outputs[0]: each for each in graph.operators if _reads_float16(model, graph, each)}
        others = [each for each in graph.operators if each.outputs[0] not in read]
        kept = set()
        for operator, original in zip(others, before.operators, strict=True):
            for i, j in zip(operator.inputs, original.inputs, strict=True):
                data = source.buffers[before.tensors[j].buffer].data
                if i in read and len(data) <= FEW * np.dtype(np.float32).itemsize:
                    buffer = schema.BufferT()
                    buffer.data = data
                    graph.tensors[i].buffer = len(model.buffers)
                    model.buffers.append(buffer)
                    kept.add(i)
        graph.operators = [each for each in graph.operators if each.outputs[0] not in kept]
    return model_content(model)


def _reads_float16(model: schema.ModelT, graph: schema.SubGraphT, operator: schema.OperatorT) -> bool:
    dequantizes = operator_code(model, operator) == schema.BuiltinOperator.DEQUANTIZE
    return dequantizes and graph.tensors[operator.inputs[0]].type == schema.TensorType.FLOAT16
