"""How operators that tf2onnx does not know are written: by others, which ONNX has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from tf2onnx.graph import Graph, Node


def _rewritten(build: Callable[[Callable[..., str], Sequence[str]], tuple[str, list[str]]]) -> tuple[Callable, list]:
    """Return what tf2onnx takes as a handler.

    Args:
        build: from `make`, which adds a node of an operator on inputs, or on numbers as constants, and returns its
            output's name, and from the node's inputs, to the operator and inputs of the last node.
    """

    def handle(graph: Graph, node: Node, _name: str, _args: list) -> None:
        def make(operator: str, *inputs: str | float) -> str:
            names = [each if isinstance(each, str) else constant(each) for each in inputs]
            return graph.make_node(operator, names, dtypes=[graph.get_dtype(node.input[0])]).output[0]

        def constant(value: float) -> str:
            return graph.make_const(f"{node.name}/{value}_{len(graph.get_nodes())}", np.float32(value)).output[0]

        operator, inputs = build(make, node.input)
        outputs, shapes, dtypes = node.output, node.output_shapes, node.output_dtypes
        graph.remove_node(node.name)
        names = [each if isinstance(each, str) else constant(each) for each in inputs]
        graph.make_node(operator, names, name=node.name, outputs=outputs, shapes=shapes, dtypes=dtypes)

    return handle, []


HANDLERS = {
    # erfc(x) = 1 - erf(x), of Keras' exact gelu
    "Erfc": _rewritten(lambda make, inputs: ("Sub", [1.0, make("Erf", inputs[0])])),
    # exp(x) - 1 = tanh(x / 2) (exp(x) + 1): nothing cancels near 0
    "Expm1": _rewritten(
        lambda make, inputs: (
            "Mul",
            [make("Tanh", make("Mul", inputs[0], 0.5)), make("Add", make("Exp", inputs[0]), 1.0)],
        )
    ),
    # its second factor is finite here
    "MulNoNan": _rewritten(lambda make, inputs: ("Mul", list(inputs))),
}
