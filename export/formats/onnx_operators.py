"""Which parts of an ONNX file are not ONNX's own: operators of other domains, and weights in other files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx

OWN_DOMAINS = ("", "ai.onnx")


def foreign_operators(path: Path) -> list[str]:
    """Return, of an ONNX file that no runtime has loaded yet, what is not ONNX's own or not in the file."""
    model = onnx.load(path, load_external_data=False)
    functions = (f"the function {function.domain}.{function.name}" for function in model.functions)
    return sorted({*functions, *_foreign_in(model.graph)})


def _foreign_in(graph: onnx.GraphProto) -> Iterator[str]:
    tensors = list(graph.initializer)
    for sparse in graph.sparse_initializer:
        tensors += [sparse.values, sparse.indices]
    for node in graph.node:
        if node.domain not in OWN_DOMAINS:
            yield f"{node.domain}.{node.op_type}"
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors]
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                tensors += [sparse.values, sparse.indices]
            for inner in (attribute.g, *attribute.graphs):
                yield from _foreign_in(inner)
    for tensor in tensors:
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            places = (entry.value for entry in tensor.external_data if entry.key == "location")
            yield f"weights in {next(places, 'another file')!r}"
