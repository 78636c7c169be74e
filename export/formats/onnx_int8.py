"""The ONNX decoder with the dense layers' weights as int8, activations quantised as they come."""

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

DENSE = ("MatMul", "Gemm")


def in_int8(decoder: onnx.ModelProto, inputs: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """Return `decode` with dense layers in integers.

    Weights have a scale an output and are rounded with compensation (`keras_vae.export.formats.compensated_rounding`).
    Convolutions stay in float32: ONNX Runtime's integer ones are slower, and lose more than their size is worth.

    Args:
        decoder: as `keras_vae.export.formats.onnx.converted` returns it; it is left as it is.
        inputs: of `decode` by name, such as it meets in use: `latent` float32 `[m, d]`, and `label` int32 `[m]` if the
            model has classes.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

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
            )
            quantised = onnx.load(path)
    finally:
        root.setLevel(level)
    quantised.graph.ClearField("value_info")
    return quantised


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
