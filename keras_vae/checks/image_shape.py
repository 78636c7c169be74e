"""The check of an image's height, width and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_vae.checks.channels import MOST_CHANNELS
from keras_vae.checks.number import LARGEST, is_number
from keras_vae.checks.shown import shown


def check_image_shape(value: Any) -> tuple[int, int, int]:
    """Return (height, width, channels) as ints; ValueError unless they are whole, above 0, and at most 16 channels.

    Example:
        >>> check_image_shape([28, 28, 1])
        (28, 28, 1)
    """
    sides = list(value) if isinstance(value, Sequence) else []
    whole = len(sides) == 3 and all(is_number(side) and side == int(side) and 1 <= side <= LARGEST for side in sides)
    if not whole or sides[2] > MOST_CHANNELS:
        raise ValueError(
            f"image_shape is {shown(value)}: expected (height, width, channels) with 1 to {MOST_CHANNELS} channels, "
            "such as (28, 28, 1)"
        )
    height, width, channels = map(int, sides)
    return height, width, channels
