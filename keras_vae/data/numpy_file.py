"""A NumPy file of the user's own images."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_vae.checks.channels import MOST_CHANNELS, PICTURE_CHANNELS
from keras_vae.checks.shown import first_line
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.channels import to_channels
from keras_vae.data.gather import gather
from keras_vae.data.pixels import check_pixels
from keras_vae.data.prepared_file import Block, PreparedFile, stat_of
from keras_vae.data.resize import resize_and_crop
from keras_vae.data.splits import choose, with_test

BLOCK = 256


def load_numpy(
    path: Path,
    split: str = "train",
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    memory_budget: float | None = None,
) -> ImageArrays:
    """Read images of a `.npy` file; it is mapped into memory, and only the rows of the split are read.

    A tenth of them, by the hash of their number, is "test". Arguments, returns and errors are those of
    `load.load_arrays`.
    """
    array = _open(path)
    if array.ndim == 3:
        array = array[..., None]
    rows = range(len(array))
    splits = with_test({"train": rows}, [str(row).encode() for row in rows])
    chosen = choose(splits, split, f"file {path}")
    height, width, given = array.shape[1:]
    size, channels = image_size or (height, width), channels or given
    if given != channels and not {given, channels} <= set(PICTURE_CHANNELS):
        raise ValueError(f"channels is {channels}: expected {given}, as file {path} has; leave it out")

    def blocks(start: int) -> Iterator[Block]:
        for first in range(start, len(chosen), BLOCK):
            numbers = chosen[first : first + BLOCK]
            block = np.asarray(array[numbers])
            if block.dtype != np.uint8:
                check_pixels(block.reshape(len(block), height, -1, 1), f"file {path}")
                block = np.rint(block.astype(np.float64) * 255).clip(0, 255).astype(np.uint8)
            block = to_channels(tf.constant(block), channels).numpy()
            yield Block(np.array([resize_and_crop(image, size) for image in block]), None, first + len(numbers))

    file = PreparedFile(
        {"file": str(path.resolve()), "split": split, "size": size, "channels": channels}, stat_of(path)
    )
    arrays = gather(file, len(chosen), (*size, channels), blocks, memory_budget, {}).arrays
    return dataclasses.replace(arrays, split=split)


def _open(path: Path) -> np.ndarray:
    try:
        several = zipfile.is_zipfile(path)
        array = None if several else np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError as error:
        raise ValueError(f"dataset is {str(path)!r}, which does not exist: expected a file; check the path") from error
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(
            f"file {path} cannot be read ({first_line(error)}): expected an array; write it with numpy.save"
        ) from error
    if array is None:
        raise ValueError(f"file {path} holds several arrays: expected one; write it with numpy.save")
    mend = None
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        mend = "convert it"
    elif array.ndim == 3 and array.shape[-1] in PICTURE_CHANNELS:
        mend = "if it is one image, write images[None], else images[..., None]"
    elif array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[-1] > MOST_CHANNELS) or 0 in array.shape:
        mend = "reshape it"
    if mend:
        raise ValueError(
            f"file {path} holds {array.dtype} {list(array.shape)}: expected uint8, or float in [0, 1], [n, height, "
            f"width] or [n, height, width, 1 to {MOST_CHANNELS} channels]; {mend}"
        )
    return array
