"""Ranges of 8-bit activations without what a sigmoid or tanh behind them cannot tell apart."""

from __future__ import annotations

from collections import defaultdict
from math import inf, log

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.formats.tflite_model import model_content, operator_code, read_model

SIGMOID: int = schema.BuiltinOperator.LOGISTIC
PRODUCT: int = schema.BuiltinOperator.MUL
# Beyond these a float32 cannot tell the function from 0 or 1, or from -1 or 1.
SATURATED: dict[int, float] = {SIGMOID: 24 * log(2), schema.BuiltinOperator.TANH: 12.5 * log(2)}


def saturate(calibrated: bytes) -> bytes:
    """Return a model whose ranges end where the sigmoid or tanh that reads them saturates.

    A decoder that is sure of a black pixel gives a logit of -250. Of 256 steps from there to +10 each is a nat wide,
    and all that matters happens in the last twenty. What lies outside a range becomes its end, which a sigmoid takes
    for the same. Below zero this holds for `x sigmoid(x)` too. What anything else reads keeps its range.

    Args:
        calibrated: content of a float32 TFLite file with the ranges of its activations.
    """
    model = read_model(calibrated)
    for graph in model.subgraphs:
        readers = defaultdict(list)
        for operator in graph.operators:
            for tensor in dict.fromkeys(operator.inputs):
                readers[tensor].append(operator)
        for operator in graph.operators:
            code = operator_code(model, operator)
            ranges = graph.tensors[operator.inputs[0]].quantization if code in SATURATED else None
            if ranges is None or ranges.min is None:
                continue
            around = {operator.inputs[0], operator.outputs[0]}
            others = [other for other in readers[operator.inputs[0]] if other is not operator]
            gated = all(operator_code(model, other) == PRODUCT and set(other.inputs) == around for other in others)
            if not others or (gated and code == SIGMOID):
                end = SATURATED[code]
                ends = (-end, inf if others else end)
                ranges.min, ranges.max = (np.clip(each, *ends).tolist() for each in (ranges.min, ranges.max))
    return model_content(model)
