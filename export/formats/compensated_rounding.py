"""Weights rounded to 8 bits one input after another, each rounding's error made up for by the weights still to come.

Optimal brain surgeon (Hassibi and Stork 1993) on the squared error of a layer's sums, for weights in a fixed order
(Frantar et al. 2022, "GPTQ"). Plain rounding of `mnist_iwae_mlp`'s middle layer, whose inputs are nearly constant where
its weights are large, costs 1.7 nats, this 0.04.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from keras_vae.export.formats.tflite_model import model_content, operator_code, read_model

STEPS = 127  # on each side of zero
DAMPING = 0.01  # of the mean variance of an input, added to each
MOST_INPUTS = 4096  # whose covariances are 128 MB; a wider layer is rounded plainly


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of what a layer's weights are multiplied by.

    Attributes:
        mean: float64 `[n]`.
        covariance: float64 `[n, n]`.
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> Self:
        """Return those of rows `[m, n]`."""
        rows = rows.astype(np.float64)
        mean = rows.mean(0)
        return cls(mean, (rows - mean).T @ (rows - mean) / len(rows))


def round_weights(weights: np.ndarray, moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Round weights to 255 steps an output, such that the sums over the inputs seen change as little as can be.

    Args:
        weights: float `[n, m]`, n inputs and m outputs. The largest of each output keeps its place at the end of its
            range, so that who quantises them to 8 bits takes the same steps.
        moments: of the inputs.

    Returns:
        The weights, float32 `[n, m]`, and what to add to the outputs' biases, float32 `[m]`.

    Example:
        >>> seen = np.array([[0.0, 1.0], [1.0, 1.0]])
        >>> rounded, bias = round_weights(np.array([[127.0], [0.4]]), Moments.of(seen))
        >>> rounded[:, 0].tolist(), round(float(bias[0]), 3)
        ([127.0, 0.0], 0.4)
    """
    covariance = moments.covariance
    covariance = covariance + np.eye(len(weights)) * max(DAMPING * np.trace(covariance) / len(weights), 1e-12)
    order = np.argsort(-np.diag(covariance), kind="stable")
    factor = np.linalg.cholesky(np.linalg.inv(covariance[np.ix_(order, order)])).T
    steps = np.maximum(np.abs(weights).max(0), np.finfo(np.float32).tiny) / STEPS
    ends = np.abs(weights) == np.abs(weights).max(0)
    left, rounded = weights[order].astype(np.float64), np.empty(weights.shape, np.float64)
    for i, row in enumerate(order):
        rounded[row] = np.clip(np.round(left[i] / steps), -STEPS, STEPS) * steps
        rounded[row] = np.where(ends[row], weights[row], rounded[row])
        left[i + 1 :] -= np.outer(factor[i, i + 1 :], (left[i] - rounded[row]) / factor[i, i])
    return rounded.astype(np.float32), ((weights - rounded).T @ moments.mean).astype(np.float32)


def compensate(content: bytes, inputs: Mapping[str, np.ndarray]) -> bytes:
    """Return a float32 TFLite model with the weights of its dense layers so rounded.

    Convolutions are rounded plainly later: theirs cost little, and the covariances of what they read much.

    Args:
        content: of a file with one signature; ranges of activations in it stay.
        inputs: of its signature by name, `[m, ...]` each, such as it meets in use.
    """
    model = read_model(content)
    graph = model.subgraphs[0]
    users = Counter(int(i) for operator in graph.operators for i in operator.inputs)
    layers = [layer for layer in graph.operators if _can_be_rounded(model, layer, users)]
    widths = [int(graph.tensors[layer.inputs[1]].shape[1]) for layer in layers]
    for layer, width, moments in zip(layers, widths, _moments(content, layers, widths, inputs), strict=True):
        weights, bias = (int(i) for i in layer.inputs[1:3])
        rounded, correction = round_weights(_floats(model, weights).reshape(-1, width).T, moments)
        buffers: Any = model.buffers  # whose stub knows lists alone
        buffers[graph.tensors[weights].buffer].data = _bytes(rounded.T)
        if bias >= 0 and users[bias] == 1:  # -1: none
            buffers[graph.tensors[bias].buffer].data = _bytes(_floats(model, bias) + correction)
    return model_content(model)


def _can_be_rounded(model: schema.ModelT, layer: schema.OperatorT, users: Counter[int]) -> bool:
    """Whether an operator is a dense layer with weights of its own, of bearable width."""
    if operator_code(model, layer) != schema.BuiltinOperator.FULLY_CONNECTED:
        return False
    weights = model.subgraphs[0].tensors[layer.inputs[1]]
    return (
        model.buffers[weights.buffer].data is not None
        and users[layer.inputs[1]] == 1
        and weights.shape[1] <= MOST_INPUTS
    )


def _moments(
    content: bytes, layers: Sequence[schema.OperatorT], widths: Sequence[int], inputs: Mapping[str, np.ndarray]
) -> list[Moments]:
    """Return the moments of what each layer reads."""
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    (signature,) = interpreter.get_signature_list()
    run = interpreter.get_signature_runner(signature)
    read: list[list[np.ndarray]] = [[] for _ in layers]
    for row in range(len(inputs["latent"])):
        run(**{name: values[row : row + 1] for name, values in inputs.items()})
        for rows, layer, width in zip(read, layers, widths, strict=True):
            rows.append(interpreter.get_tensor(int(layer.inputs[0])).reshape(-1, width))
    return [Moments.of(np.concatenate(rows)) for rows in read]


def _floats(model: schema.ModelT, tensor: int) -> np.ndarray:
    return np.asarray(model.buffers[model.subgraphs[0].tensors[tensor].buffer].data, np.uint8).view(np.float32)


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.frombuffer(values.astype(np.float32).tobytes(), np.uint8)
