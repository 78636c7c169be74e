"""A TFLite file without what only a debugger reads."""

from __future__ import annotations

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


def slim(content: bytes) -> bytes:
    """Return the same model without the names of its inner tensors, and without quantisation tables that are empty.

    The generator is a hundred operators on a few integers: names are a fifth of what they take. Signatures, and the
    names of inputs and outputs, stay.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    for graph in model.subgraphs:
        outside = {*graph.inputs, *graph.outputs}
        for number, tensor in enumerate(graph.tensors):
            if number not in outside:
                tensor.name = None
            if tensor.quantization is not None and tensor.quantization.scale is None:
                tensor.quantization = None
    for buffer in model.buffers:
        buffer.__class__ = _AlignedBuffer
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
