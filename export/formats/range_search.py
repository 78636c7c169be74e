"""Ranges of 8-bit activations, cut where that costs less than the coarser steps of the whole range.

A few activations are far larger than all others, where an image is black for certain: of `mnist_conv_mixture` 77 where
99.9 of 100 are below 26. With 256 steps for all, cutting them off saves the rest: 0.9 of 1.2 nats there.
"""

from __future__ import annotations

from collections.abc import Callable

from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.formats.tflite_model import is_kernel, model_content, read_model

FACTORS = (0.5, 0.35, 0.25, 0.18)
ENOUGH = 0.02  # nats: what is gained below is not worth the search


def cut_ranges(calibrated: bytes, loss: Callable[[bytes], float]) -> bytes:
    """Return the model with the ranges cut layer by layer, the last first, as long as the loss falls.

    Args:
        calibrated: content of a float32 TFLite file with the ranges of its activations.
        loss: of such a model once it is quantised, in nats.
    """
    best, least = calibrated, loss(calibrated)
    for names in reversed(_stretches(read_model(calibrated))):
        start = best
        for factor in FACTORS:
            if least < ENOUGH:
                return best
            tried = _cut(start, names, factor)
            if not (found := loss(tried)) < least:
                break
            best, least = tried, found
    return best


def _stretches(model: schema.ModelT) -> list[set[int]]:
    """Return the tensors from each layer's weights to the next layer's: they share their scale, or could."""
    graph = model.subgraphs[0]
    stretches: list[set[int]] = []
    for operator in graph.operators:
        if not stretches or any(is_kernel(model, graph.tensors[i]) for i in operator.inputs if i >= 0):
            stretches.append(set())
        stretches[-1].update(int(i) for i in operator.outputs)
    return stretches


def _cut(calibrated: bytes, tensors: set[int], factor: float) -> bytes:
    model = read_model(calibrated)
    for number in tensors:
        ranges = model.subgraphs[0].tensors[number].quantization
        if ranges is not None and ranges.min is not None:
            low, high = float(ranges.min[0]), float(ranges.max[0])
            end = factor * max(-low, high)
            ranges.min, ranges.max = [max(low, -end)], [min(high, end)]
    return model_content(model)
