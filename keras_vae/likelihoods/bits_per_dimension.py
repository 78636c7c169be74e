"""Nats an image as bits a dimension, the unit of papers on colour images."""

from __future__ import annotations

import math
from collections.abc import Sequence


def bits_per_dimension(nats: float, image_shape: Sequence[int]) -> float:
    """Return bits a pixel and channel of a negative log-likelihood in nats an image.

    Args:
        nats: -log p(x), of a likelihood of bytes such as `DiscretisedLogisticMixture`. A density over pixels in
            [0, 1] is one over bytes that were made continuous by uniform noise once log(256) a dimension is added.
        image_shape: (height, width, channels).

    Raises:
        ValueError: a shape without values.

    Example:
        >>> round(bits_per_dimension(math.log(256) * 8 * 8 * 3, (8, 8, 3)), 6)
        8.0
    """
    dimensions = math.prod(image_shape)
    if dimensions < 1:
        raise ValueError(
            f"image_shape is {tuple(image_shape)}: expected (height, width, channels), such as (32, 32, 3)"
        )
    return nats / (math.log(2) * dimensions)
