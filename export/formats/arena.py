"""How much memory a file of integers needs on a microcontroller, beside the file itself."""

from __future__ import annotations

import math

from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.formats.tflite_model import read_model

ALIGNMENT = 16
PER_OUTPUT = 12  # bytes for each output of a layer: its multiplier, shift and zero point
PER_OPERATOR = 400  # of TensorFlow Lite for Microcontrollers' own records, on 64 bits
FIXED = 4096


def arena_bytes(content: bytes) -> int:
    """Return a tensor arena's size in bytes that is enough for TensorFlow Lite for Microcontrollers.

    All activations that are alive at once, and an estimate of the interpreter's own records from above: what is left
    over, `arena_used_bytes()` tells on the device.
    """
    model = read_model(content)
    graph = model.subgraphs[0]
    constant = {i for i, tensor in enumerate(graph.tensors) if model.buffers[tensor.buffer].data is not None}
    first: dict[int, int] = dict.fromkeys((int(i) for i in graph.inputs), -1)
    last: dict[int, int] = dict.fromkeys((int(i) for i in graph.outputs), len(graph.operators))
    for step, operator in enumerate(graph.operators):
        for i in (int(i) for i in operator.outputs):
            first.setdefault(i, step)
        for i in (int(i) for i in operator.inputs if i >= 0 and int(i) not in constant):
            last[i] = max(step, last.get(i, step))
    peak = max(
        sum(_bytes(graph.tensors[i].shape) for i in first if first[i] <= step <= last.get(i, first[i]))
        for step in range(len(graph.operators))
    )
    weights = {int(i) for operator in graph.operators for i in operator.inputs if int(i) in constant}
    outputs = sum(len(scales) for i in weights if (scales := _scales(graph.tensors[i])) is not None)
    return peak + PER_OUTPUT * outputs + PER_OPERATOR * len(graph.operators) + FIXED


def _scales(tensor: schema.TensorT) -> list[float] | None:
    return None if tensor.quantization is None or tensor.quantization.scale is None else tensor.quantization.scale


def _bytes(shape: list[int]) -> int:
    return -(-math.prod(int(side) for side in shape) // ALIGNMENT) * ALIGNMENT
