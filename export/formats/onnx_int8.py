"""The ONNX decoder with weights as int8: dense layers in integers, convolutions in float32."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from keras_vae.export.formats.compensated_rounding import MOST_INPUTS, Moments, round_weights
from keras_vae.export.formats.deep_decoders import sensitive_layers

DENSE = ("MatMul", "Gemm")
# The axis of the outputs in a convolution's weights.
CONVOLUTIONS = {"Conv": 0, "ConvTranspose": 1}


def in_int8(decoder: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """Return `decode` with all large weights as int8, with a scale for each output.

    Dense layers run in integers, their activations quantised for each call, their weights rounded with compensation
    (`keras_vae.export.formats.compensated_rounding`). Convolutions read int8 weights and run in float32, because ONNX
    Runtime's integer convolutions are slower and lose more. A deep decoder's first layers stay in float32, as in
    `keras_vae.export.formats.deep_decoders`.

    Args:
        decoder: as `keras_vae.export.formats.onnx.converted` returns it; it is left as it is.
        inputs: of `decode` by name, such as it meets in use: `latent` float32 `[m, d]`, and `label` int32 `[m]` if the
            model has classes.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    kept = _sensitive(decoder.graph)
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it advises a pre-processing that changes nothing here
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.onnx")
            quantize_dynamic(
                _compensated(decoder, inputs),
                path,
                op_types_to_quantize=list(DENSE),
                weight_type=QuantType.QInt8,
                per_channel=True,
                nodes_to_exclude=kept,
            )
            quantised = onnx.load(path)
    finally:
        root.setLevel(level)
    quantised.graph.ClearField("value_info")
    _store_convolutions(quantised.graph, kept)
    return quantised


def _sensitive(graph: onnx.GraphProto) -> list[str]:
    """Return the names of a deep decoder's first layers."""
    constants = {tensor.name for tensor in graph.initializer}
    kinds = (*DENSE, *CONVOLUTIONS)
    layers = [node.name for node in graph.node if node.op_type in kinds and node.input[1] in constants]
    return layers[: sensitive_layers(len(layers))]


def _store_convolutions(graph: onnx.GraphProto, kept: list[str]) -> None:
    """Store the weights of convolutions as int8, which Cast and Mul read.

    Runtimes compute constants of these when they load a file. DequantizeLinear would run again in every call, and keeps
    the convolution from packing its weights: five times the time of `mnist_ladder`.
    """
    constants = {tensor.name: tensor for tensor in graph.initializer}
    axes = {
        node.input[1]: CONVOLUTIONS[node.op_type]
        for node in graph.node
        if node.op_type in CONVOLUTIONS and node.input[1] in constants and node.name not in kept
    }
    for number, (name, axis) in enumerate(axes.items()):
        weights = numpy_helper.to_array(constants[name])
        largest = np.abs(weights).max(tuple(i for i in range(weights.ndim) if i != axis), keepdims=True)
        scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        constants[name].CopyFrom(numpy_helper.from_array(np.rint(weights / scale).astype(np.int8), f"{name}_int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}_scale"))
        whole = f"{name}_whole"
        cast = onnx.helper.make_node("Cast", [f"{name}_int8"], [whole], f"{name}_cast", to=onnx.TensorProto.FLOAT)
        graph.node.insert(2 * number, cast)
        graph.node.insert(2 * number + 1, onnx.helper.make_node("Mul", [whole, f"{name}_scale"], [name], f"{name}_mul"))


def _compensated(decoder: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    model = onnx.ModelProto()
    model.CopyFrom(decoder)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    layers = [
        node
        for node in model.graph.node
        if node.op_type == "MatMul" and node.input[1] in constants and constants[node.input[1]].dims[0] <= MOST_INPUTS
    ]
    biases = {
        node.input[0]: constants[node.input[1]]
        for node in model.graph.node
        if node.op_type == "Add" and node.input[1] in constants
    }
    read = _values_of(decoder, [layer.input[0] for layer in layers], inputs)
    for layer, rows in zip(layers, read, strict=True):
        weights = constants[layer.input[1]]
        moments = Moments.of(rows.reshape(-1, rows.shape[-1]))
        rounded, correction = round_weights(numpy_helper.to_array(weights), moments)
        weights.CopyFrom(numpy_helper.from_array(rounded, weights.name))
        if (bias := biases.get(layer.output[0])) is not None:
            bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + correction, bias.name))
    return model


def _values_of(model: onnx.ModelProto, names: list[str], inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return what some inner tensors hold."""
    open_model = onnx.ModelProto()
    open_model.CopyFrom(model)
    outside = {each.name for each in [*model.graph.input, *model.graph.output]}
    open_model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in {*names} - outside)
    session = onnxruntime.InferenceSession(open_model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = dict(inputs)
    found = dict(zip(wanted, session.run(wanted, given), strict=True)) if (wanted := [*{*names} - set(given)]) else {}
    return [np.asarray({**given, **found}[name]) for name in names]
