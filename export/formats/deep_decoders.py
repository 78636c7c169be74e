"""What of a deep decoder stays in float32 where the rest is in 8 bits: the first quarter of its layers.

What they round, all others after them make larger: of the 85 layers of `mnist_ladder`, the kernels of the first 21 cost
0.5 nats in 8 bits, those of the other 64 less than 0.04.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.contents.implied import LAYERS
from keras_vae.export.formats.tflite_model import is_kernel, model_content, operator_code, read_model


def layers_of(model: schema.ModelT, graph: schema.SubGraphT) -> list[int]:
    """Return the numbers of the operators that have a kernel."""
    return [
        number
        for number, operator in enumerate(graph.operators)
        if any(is_kernel(model, graph.tensors[i]) for i in operator.inputs if i >= 0)
    ]


def sensitive_layers(layers: int) -> int:
    """Return how many of a decoder's first layers stay in float32, of so many in all: a quarter of a deep one's.

    Example:
        >>> sensitive_layers(20), sensitive_layers(85)
        (0, 21)
    """
    return layers // 4 if layers > LAYERS else 0


def sensitive(model: schema.ModelT, graph: schema.SubGraphT) -> list[int]:
    """Return the numbers of the operators up to the end of the first quarter; none of a decoder of few layers."""
    layers = layers_of(model, graph)
    first = sensitive_layers(len(layers))
    return [*range(layers[first])] if first else []


def sums(model: schema.ModelT, graph: schema.SubGraphT) -> list[int]:
    """Return the numbers of the operators that add two tensors."""
    codes = [operator_code(model, operator) for operator in graph.operators]
    return [number for number, code in enumerate(codes) if code == schema.BuiltinOperator.ADD]


def with_sensitive_kernels(quantised: bytes, in_float: Callable[[], bytes]) -> bytes:
    """Return a file of int8 kernels with those of a deep decoder's first layers in float32, in every signature.

    Args:
        quantised: such as the converter writes by "dynamic".
        in_float: gives the same signatures in float32; asked for a deep decoder alone.
    """
    model = read_model(quantised)
    decoders = [each.subgraphIndex for each in model.signatureDefs or [] if each.signatureKey == b"decode"]
    if not decoders or not sensitive(model, model.subgraphs[decoders[0]]):
        return quantised
    source = read_model(in_float())
    decoder = source.subgraphs[decoders[0]]
    kept = {kernel for number in sensitive(source, decoder) for _, kernel in _kernels(source, decoder, number)}
    for before, after in zip(source.subgraphs, model.subgraphs, strict=True):
        for number, operator in enumerate(after.operators):
            for place, kernel in _kernels(source, before, number):
                if kernel in kept:
                    tensor = after.tensors[operator.inputs[place]]
                    tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
                    model.buffers[tensor.buffer].data = np.frombuffer(kernel, np.uint8)
    return model_content(model)


def _kernels(model: schema.ModelT, graph: schema.SubGraphT, number: int) -> list[tuple[int, bytes]]:
    """Return place among the inputs and content of an operator's kernels."""
    read = [(place, graph.tensors[i]) for place, i in enumerate(graph.operators[number].inputs) if i >= 0]
    kernels = [(place, model.buffers[each.buffer].data) for place, each in read if is_kernel(model, each)]
    return [(place, np.asarray(data, np.uint8).tobytes()) for place, data in kernels]
