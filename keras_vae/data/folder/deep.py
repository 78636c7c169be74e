"""Pixels of more than 8 bits, brought to 8 by what the pixels hold: 12-bit cameras write 16-bit files."""

import math
from collections.abc import Iterable
from typing import IO

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_vae.data.folder.kinds import Unusable

_BITS = (8, 10, 12, 14, 16, 24, 32)


def is_deep(image: Image.Image, file: IO[bytes]) -> bool:
    """Return whether an opened image has more than 8 bits a channel."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16") or _is_deep_png(image, file)


def _is_deep_png(image: Image.Image, file: IO[bytes]) -> bool:
    if image.format != "PNG":
        return False
    file.seek(24)
    return file.read(1) == b"\x10"


def read_levels(image: Image.Image, file: IO[bytes]) -> np.ndarray:
    """Return the numbers of a deep image, `[h, w, channels]`, and those of transparency if there are any.

    Raises:
        Unusable: For numbers below 0 or no numbers.
    """
    if _is_deep_png(image, file):
        # Pillow keeps the upper 8 bits of colours
        file.seek(0)
        levels = tf.io.decode_png(file.read(), dtype=tf.uint16).numpy()
    else:
        levels = np.asarray(image)[..., None]
    low = levels.min()
    if not low >= 0 or levels.max() == np.inf:
        raise Unusable(f"its pixels are {low} to {levels.max()}, not 0 to some white")
    clear = image.info.get("transparency")
    if image.format == "PNG" and clear is not None and levels.shape[-1] in (1, 3):
        opaque = (levels != np.asarray(clear)).any(-1, keepdims=True)
        levels = np.concatenate([levels, np.where(opaque, 65535, 0).astype(np.uint16)], -1)
    return levels


def colours(levels: np.ndarray) -> np.ndarray:
    """Return levels without their transparency."""
    return levels[..., :-1] if levels.shape[-1] in (2, 4) else levels


def white_level(peaks: Iterable[float]) -> float:
    """Return what number is white where the brightest pixels of some images have these.

    It is 1 where none is above, else the highest number of 8, 10, 12, 14, 16, 24 or 32 bits.

    Example:
        >>> white_level([300, 4000]), white_level([0.3])
        (4095, 1)
    """
    peak = max(peaks)
    return 1 if peak <= 1 else next((2**bits - 1 for bits in _BITS if peak <= 2**bits - 1), peak)


def to_bytes(levels: np.ndarray, white: float) -> Image.Image:
    """Return an image of mode L, LA, RGB or RGBA."""
    scale = np.full(levels.shape[-1], 255 / white)
    if levels.shape[-1] in (2, 4):
        scale[-1] = 255 / 65535
    dtype = np.float32 if levels.dtype == np.uint16 else np.float64
    scaled = np.rint(np.multiply(levels, scale, dtype=dtype)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(scaled[..., 0] if levels.shape[-1] == 1 else scaled)


def describe_white(white: float) -> str:
    """Return what is said of a white that is not the files' own, nothing for 1 and 65535.

    Example:
        >>> describe_white(4095)
        'pixels of more than 8 bits hold 12 (none is above 4095, which is white)'
    """
    if white in (1, 65535):
        return ""
    bits = math.ceil(math.log2(white + 1))
    return f"pixels of more than 8 bits hold {bits} (none is above {white:g}, which is white)"
