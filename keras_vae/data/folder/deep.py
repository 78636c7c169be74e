"""Pixels of more than 8 bits, brought to 8 by what the pixels hold: 12-bit cameras write 16-bit files."""

import math
from collections.abc import Iterable
from typing import IO, Any, NamedTuple

import numpy as np
from PIL import Image

from keras_vae.data.folder.kinds import Unusable

_WHITES = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16, 24, 32))


def is_deep(image: Image.Image, file: IO[bytes]) -> bool:
    """Return whether an opened image has more than 8 bits per channel."""
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
        file.seek(0)
        levels = _decode_deep_png(file.read())
    else:
        if _tiff_tag(image, 262) == 0:
            raise Unusable("0 is white in it, as in radiographs, which Pillow does not invert for more than 8 bits")
        levels = np.asarray(image)[..., None]
    low = levels.min()
    if not low >= 0 or levels.max() == np.inf:
        raise Unusable(f"its pixels are {low} to {levels.max()}, not 0 to a white level")
    clear = image.info.get("transparency")
    if image.format == "PNG" and clear is not None and levels.shape[-1] in (1, 3):
        opaque = (levels != np.asarray(clear)).any(-1, keepdims=True)
        levels = np.concatenate([levels, np.where(opaque, 65535, 0).astype(np.uint16)], -1)
    return levels


def _decode_deep_png(content: bytes) -> np.ndarray:
    """Decode with TensorFlow, which few who score need: Pillow keeps the upper 8 bits of colours."""
    import tensorflow as tf

    try:
        return tf.io.decode_png(content, dtype=tf.uint16).numpy()
    except tf.errors.OpError:
        raise Unusable("no whole PNG") from None


def check_upper_bytes(image: Image.Image) -> None:
    """Refuse a TIFF of deep colours of which Pillow reads the upper 8 of 16 bits, if these hold next to nothing."""
    if _tiff_tag(image, 258) == (16,) * len(image.getbands()) and np.asarray(image)[..., :3].max() < 64:
        raise Unusable(
            "its colours hold at most 14 of 16 bits, of which Pillow reads the upper 8; a PNG is read completely"
        )


def _tiff_tag(image: Image.Image, tag: int) -> Any:
    return getattr(image, "tag_v2", {}).get(tag)


class Whites(NamedTuple):
    """What number is white in images of more than 8 bits.

    Attributes:
        integers: where they hold whole numbers.
        floats: where they do not.
    """

    integers: float = 65535
    floats: float = 1

    @classmethod
    def of(cls, images: Iterable[np.ndarray]) -> "Whites":
        """Return the whites of the levels of some images.

        It is the highest number of 8, 10, 12, 14, 16, 24 or 32 bits below which all of them stay; 1 for floats that do.

        Example:
            >>> Whites.of([np.array([[[7]], [[4000]]]), np.array([[[0.3]]])])
            Whites(integers=4095, floats=1)
        """
        brightest: dict[bool, list[float]] = {True: [], False: []}
        for levels in images:
            brightest[levels.dtype.kind == "f"].append(float(_colours(levels).max()))
        integers, floats = (
            next((white for white in whites if max(brightest[kind]) <= white), max(brightest[kind]))
            if brightest[kind]
            else default
            for kind, whites, default in ((False, _WHITES, 65535), (True, (1, *_WHITES), 1))
        )
        return cls(integers, floats)

    @classmethod
    def recorded(cls, value: Any) -> "Whites | None":
        """Return those that a run or a bundle recorded, as two numbers; None where it recorded none.

        Raises:
            ValueError: a value that no training records.
        """
        if value is None:
            return None
        numbers = value if isinstance(value, list) and len(value) == 2 else [0]
        if not all(isinstance(each, int | float) and 0 < each < math.inf for each in numbers):
            raise ValueError(f"whites is {value}: expected two numbers above 0, as training writes them; train again")
        return cls(*numbers)

    def remark(self) -> str:
        """Return what is said of whites that are not the files' own.

        Example:
            >>> Whites(4095).remark()
            'pixels of more than 8 bits hold 12: none is above 4095, which is white'
        """
        words = []
        if self.integers != 65535:
            bits = math.ceil(math.log2(self.integers + 1))
            words.append(f"pixels of more than 8 bits hold {bits}: none is above {self.integers:g}, which is white")
        if self.floats != 1:
            words.append(f"pixels that are floats are up to {self.floats:g}, which is white")
        return "; ".join(words)


def _colours(levels: np.ndarray) -> np.ndarray:
    return levels[..., :-1] if levels.shape[-1] in (2, 4) else levels


def to_bytes(levels: np.ndarray, whites: Whites) -> Image.Image:
    """Return an image of mode L, LA, RGB or RGBA."""
    scale = np.full(levels.shape[-1], 255 / (whites.floats if levels.dtype.kind == "f" else whites.integers))
    if levels.shape[-1] in (2, 4):
        scale[-1] = 255 / 65535
    dtype = np.float32 if levels.dtype == np.uint16 else np.float64
    scaled = np.rint(np.multiply(levels, scale, dtype=dtype)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(scaled[..., 0] if levels.shape[-1] == 1 else scaled)
