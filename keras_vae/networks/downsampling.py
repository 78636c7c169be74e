"""The check that an image can be halved as often as a network halves it."""

from __future__ import annotations


def smallest_map(image_shape: tuple[int, int, int], halvings: int) -> tuple[int, int]:
    """Return (height, width) after `halvings` halvings.

    Raises:
        ValueError: a side that `2 ** halvings` does not divide.

    Example:
        >>> smallest_map((28, 28, 1), 2)
        (7, 7)
    """
    height, width, _ = image_shape
    factor = 2**halvings
    if height % factor or width % factor:
        fit = [max(factor, round(side / factor) * factor) for side in (height, width)]
        raise ValueError(
            f"images are {height} x {width} pixels: expected sides divisible by {factor}, since the network halves "
            f"them {halvings} times; resize them to {fit[0]} x {fit[1]} (image_size, --image-size) or use fewer stages"
        )
    return height // factor, width // factor
