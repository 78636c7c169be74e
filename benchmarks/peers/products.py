"""Floating-point operations of a training step's matrix products, counted from the layers' shapes."""

from __future__ import annotations

import math
from collections.abc import Iterable

import keras


def operations(layers: Iterable[keras.layers.Layer]) -> int:
    """Return those of one image; the first layer with a kernel is the one that sees the image.

    A training step takes three products where the forward pass takes one, but that first layer only two: the image
    needs no gradient.
    """
    multiplications = [_multiplications(layer) for layer in layers if hasattr(layer, "kernel")]
    return 2 * (3 * sum(multiplications) - multiplications[0])


def _multiplications(layer: keras.layers.Layer) -> int:
    """Those of a dense or a convolutional layer: each number of its kernel once at every place."""
    maps = layer.input if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output
    return math.prod(layer.kernel.shape) * math.prod(maps.shape[1:-1])
