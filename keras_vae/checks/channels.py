"""How many channels images have: the one place that says which numbers are taken."""

from __future__ import annotations

from typing import Any

from keras_vae.checks.number import whole_number

MOST_CHANNELS = 16
# Gray, RGB, and RGB with transparency: what files of pictures hold, and what is made of one another.
PICTURE_CHANNELS = (1, 3, 4)


def check_channels(channels: Any) -> int:
    """Return a number of channels as an int; ValueError unless it is whole and 1 to 16.

    Example:
        >>> check_channels(17)
        Traceback (most recent call last):
        ValueError: channels is 17: expected a whole number of at most 16
    """
    return whole_number("channels", channels, 1, MOST_CHANNELS)


def check_picture_channels(channels: int) -> None:
    """Raise ValueError for a number of channels that pictures cannot be read with."""
    if channels not in PICTURE_CHANNELS:
        raise ValueError(
            f"channels is {channels}: expected 1, 3 or 4; choose 1 for gray, 3 for colour or 4 for colour and "
            "transparency"
        )
