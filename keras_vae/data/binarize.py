"""Binary images drawn from gray ones: each pixel is 1 with its intensity as the probability.

The draws are keyed by position, in blocks whose size follows from the image alone, so they do not depend on
the batch size.
"""

import dataclasses
import math
import zlib
from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
import tensorflow as tf

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.prepared_file import Block, PreparedFile
from keras_vae.registry import check_known

Binarize = Literal["none", "static", "dynamic"]


def check_binarize(binarize: str) -> None:
    """Raise a ValueError unless `binarize` is "none", "static" or "dynamic"."""
    check_known("binarize", binarize, get_args(Binarize))


def random_key(seed: int, split: str, purpose: str) -> tf.Tensor:
    """Return the int64 `[2]` key of a random stream of its own for each seed, split and purpose."""
    return tf.constant([seed, zlib.crc32(f"{purpose}/{split}".encode())], tf.int64)


def block_size(image_shape: tuple[int, int, int]) -> int:
    """Return how many images are drawn at once: about a quarter of a million pixels, at least one image."""
    return max(1, 2**18 // math.prod(image_shape))


def sample_binary(images: tf.Tensor, key: tf.Tensor, block: tf.Tensor | int) -> tf.Tensor:
    """Draw uint8 pixels, 0 or 255, that are 255 with probability `images / 255`.

    Args:
        images: uint8 `[n, height, width, channels]`, one block.
        key: int64 `[2]`, the stream.
        block: The number of the block in the stream.
    """
    block_key = tf.random.fold_in(key, block)
    # uniform in [0, 1): a pixel of 255 is always 1, a pixel of 0 never
    uniform = tf.random.stateless_uniform(tf.shape(images), block_key)
    return tf.cast(uniform * 255.0 < tf.cast(images, tf.float32), tf.uint8) * 255


def binarize_once(arrays: ImageArrays, seed: int) -> ImageArrays:
    """Return a static binarisation of images: 0 or 255, the same for the same seed; of a file's images another file.

    Source: Salakhutdinov and Murray, "On the quantitative analysis of deep belief networks", 2008, section
    4.1, which draws MNIST once so.
    """
    key, size = random_key(seed, arrays.split, "static binarisation"), block_size(arrays.image_shape)

    def blocks(start: int) -> Iterator[Block]:
        for first in range(start, len(arrays), size):
            with tf.device("CPU"):
                images = tf.constant(arrays.take(slice(first, first + size)))
                binary = sample_binary(images, key, first // size).numpy()
            yield Block(binary, None, first + len(binary))

    if arrays.mapping is None:
        return dataclasses.replace(arrays, images=np.concatenate([block.images for block in blocks(0)]), sha256=None)
    file = PreparedFile({"binarised": arrays.digest(), "seed": seed, "split": arrays.split}, None)
    binary = file.write(len(arrays), arrays.image_shape, blocks, {}).arrays
    return dataclasses.replace(arrays, images=binary.images, mapping=binary.mapping, sha256=binary.sha256)
