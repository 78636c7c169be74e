"""What of a file in float16 stays in float32: the constants of formulas, such as 1 / 255, which are no weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.formats.tflite_model import model_content, operator_code, read_model

FEW = 16  # numbers at most; a bias may be so small, and loses nothing by it
BYTES = np.dtype(np.float32).itemsize


def with_formula_constants(half: bytes, in_float: bytes) -> bytes:
    """Return a float16 file in which constants of few numbers are float32 again.

    Args:
        half: such as the converter writes with its weights in float16.
        in_float: the same signatures in float32.

    Returns:
        `half` as it is where the converter made other operators of it.
    """
    model, source = read_model(half), read_model(in_float)
    graph: Any
    for graph, before in zip(model.subgraphs, source.subgraphs, strict=True):
        read = {each.outputs[0]: each for each in graph.operators if _reads_float16(model, graph, each)}
        others = [each for each in graph.operators if each.outputs[0] not in read]
        if [operator_code(model, each) for each in others] != [
            operator_code(source, each) for each in before.operators
        ]:
            return half
        kept = set()
        for operator, original in zip(others, before.operators, strict=True):
            for i, j in zip(operator.inputs, original.inputs, strict=True):
                if i in read and len(data := source.buffers[before.tensors[j].buffer].data) <= FEW * BYTES:
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
