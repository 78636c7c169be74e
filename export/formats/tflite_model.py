"""A TFLite file as the objects of its schema: read, written, and rid of what only a debugger reads."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

ALIGNMENT = 16  # bytes, which the format asks of every buffer and its Python bindings forget


class _AlignedBuffer(schema.BufferT):
    """Packs its data where a device can read it as vectors of floats."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802  the bindings' name
        if self.data is None:
            return super().Pack(builder)
        content = np.asarray(self.data, np.uint8).tobytes()
        builder.StartVector(1, len(content), ALIGNMENT)
        builder.head -= len(content)
        builder.Bytes[builder.head : builder.head + len(content)] = content
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def read_model(content: bytes) -> schema.ModelT:
    """Return a file's content as objects."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))


def model_content(model: schema.ModelT) -> bytes:
    """Return the content of the file for the objects."""
    for buffer in model.buffers:
        buffer.__class__ = _AlignedBuffer
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def of_one_image(content: bytes) -> bytes:
    """Return a file of one signature whose free axes, the batch, are 1 for good.

    Inputs and outputs get the signature's names, for bindings that see subgraph 0 and no signatures.
    """
    model = read_model(content)
    either: Any = model  # whose stub has None for both
    (graph,), (signature,) = either.subgraphs, either.signatureDefs
    for tensor in graph.tensors:
        tensor.shapeSignature = None
    for entry in (*signature.inputs, *signature.outputs):
        graph.tensors[entry.tensorIndex].name = entry.name
    return model_content(model)


def operator_code(model: schema.ModelT, operator: schema.OperatorT) -> int:
    """Return which of `schema.BuiltinOperator` an operator is."""
    code = model.operatorCodes[operator.opcodeIndex]
    # Codes above 127 do not fit the older field, which holds 127 then.
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def is_kernel(model: schema.ModelT, tensor: schema.TensorT) -> bool:
    """Whether a tensor holds weights: constant numbers of more than one axis, as no bias, scalar or padding is."""
    if tensor.type not in (schema.TensorType.FLOAT32, schema.TensorType.INT8) or tensor.shape is None:
        return False
    return model.buffers[tensor.buffer].data is not None and len(tensor.shape) > 1


def foreign_operators(content: bytes) -> list[str]:
    """Return, of a TFLite file's content, the operators that are not built in, and weights that are not in the file."""
    model = schema.Model.GetRootAs(content, 0)
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    custom = [c for c in codes if max(c.BuiltinCode(), c.DeprecatedBuiltinCode()) == schema.BuiltinOperator.CUSTOM]
    found = {(code.CustomCode() or b"an operator without a name").decode(errors="replace") for code in custom}
    return sorted(found | ({"weights in another file"} if model.ExternalBuffersLength() else set()))


def lost_constants(model: schema.ModelT) -> list[str]:
    """Return the names of constants whose numbers the converter left out, as it does in lgamma of a free batch size.

    A runtime takes the file, and then fails or ends the process.
    """
    lost = []
    for graph in model.subgraphs:
        given = {*graph.inputs, *(i for operator in graph.operators for i in operator.outputs)}
        for i in {i for operator in graph.operators for i in operator.inputs if i >= 0} - given:
            tensor = graph.tensors[i]
            sides = [] if tensor.shape is None else list(tensor.shape)
            # an empty list of whole numbers is the shape of a scalar
            whole = tensor.type in (schema.TensorType.INT32, schema.TensorType.INT64)
            if 0 in sides and not (whole and len(sides) == 1):
                name = tensor.name or b"without a name"
                lost.append(name.decode(errors="replace"))  # pyright: ignore[reportAttributeAccessIssue]  bytes, not str
    return sorted(lost)


def slim(model: schema.ModelT) -> bytes:
    """Return the model's file without the names of its inner tensors, and without quantisation tables that are empty.

    The generator is a hundred operators on a few integers: names are a fifth of what they take. Signatures, and the
    names of inputs and outputs, stay.
    """
    for graph in model.subgraphs:
        outside = {*graph.inputs, *graph.outputs}
        for number, tensor in enumerate(graph.tensors):
            if number not in outside:
                tensor.name = None
            if tensor.quantization is not None and tensor.quantization.scale is None:
                tensor.quantization = None
    return model_content(model)
