"""The noise of training and evaluation: a function of (seed, stream, step), never of what ran before."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

# Streams keep draws for different purposes apart under one seed.
TRAINING, VALIDATION, EVALUATION = range(3)
_PHILOX = 1  # TensorFlow's number for the algorithm
_BLOCK = 4  # how many int32 one step of Philox's counter gives
_SCRAMBLING_KEY = 0x02461E293EC8F720


def normal(
    seed: int,
    stream: int,
    step: tf.Tensor | int,
    shape: list[int | tf.Tensor] | tf.Tensor,
    part: tf.Tensor | int = 0,
    rows: tuple[tf.Tensor, tf.Tensor] | None = None,
) -> tf.Tensor:
    """Return standard normal noise float32 `shape`.

    The same (seed, stream, step, part, shape) gives the same values in every process, so a resumed training draws
    what the uninterrupted one would have drawn.

    Args:
        seed: an int32.
        stream: what the noise is for.
        step: the training step, or the batch's number.
        shape: of the noise.
        part: which part of the step's noise; 0 by default.
        rows: (first, total) for some rows of a larger draw, without drawing the others: of shape `[samples, n, d]`,
            rows first to first + n of what `[samples, total, d]` would give, the same but for the last bit; int64. By
            default all rows.

    Example:
        >>> whole = normal(0, TRAINING, 7, [2, 5, 3])
        >>> some = normal(0, TRAINING, 7, [2, 2, 3], rows=(tf.constant(1, tf.int64), tf.constant(5, tf.int64)))
        >>> bool(tf.reduce_all(tf.abs(some - whole[:, 1:3]) < 1e-6))
        True
    """
    key, counter = _start(_fold_in(_fold_in(tf.stack([seed, stream]), step), part))
    if rows is not None:
        return _to_normal(_bits_of_rows(key, counter, *shape, *rows))
    return _to_normal(_philox(shape, key, counter, tf.int32))


def _fold_in(seed: tf.Tensor, data: tf.Tensor | int) -> tf.Tensor:
    """What `tf.random.fold_in` returns with Philox, from fewer operators, so that a step is traced sooner."""
    data = tf.convert_to_tensor(data)
    return tf.stack([_philox([], *_start(seed), data.dtype), data])


def _bits_of_rows(
    key: tf.Tensor, counter: tf.Tensor, samples: int, count: tf.Tensor, width: int, first: tf.Tensor, total: tf.Tensor
) -> tf.Tensor:
    """Some rows of the uniform int32 bits that Philox gives from a counter on, by counting up from there."""
    size = count * width

    def run(position: tf.Tensor) -> tf.Tensor:
        blocks = tf.stack([tf.cast(position // _BLOCK, tf.uint64), tf.zeros([], tf.uint64)])
        bits = _philox([size + _BLOCK - 1], key, counter + blocks, tf.int32)
        return tf.slice(bits, [tf.cast(position % _BLOCK, tf.int32)], [size])

    runs = [run((sample * total + first) * width) for sample in range(samples)]
    return tf.reshape(tf.stack(runs), [samples, count, width])


def _start(seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The key uint64 `[1]` and counter uint64 `[2]` at which `stateless_uniform` starts for a seed int32 `[2]`.

    `tf.raw_ops.StatelessRandomGetKeyCounter` gives them too, but others under XLA where the seed is negative.
    """
    mixed = _philox([4], tf.constant([_SCRAMBLING_KEY], tf.uint64), tf.cast(seed, tf.uint64), tf.uint32)
    words = tf.bitcast(tf.reshape(mixed, [2, 2]), tf.uint64)
    return words[:1], words * tf.constant([0, 1], tf.uint64)


def _philox(shape: Sequence[tf.Tensor | int], key: tf.Tensor, counter: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return tf.raw_ops.StatelessRandomUniformFullIntV2(shape=shape, key=key, counter=counter, alg=_PHILOX, dtype=dtype)


def _to_normal(bits: tf.Tensor) -> tf.Tensor:
    """Carry uniform int32 bits to standard normals, all finite and symmetric about 0."""
    # 24 bits, halfway between the steps of 2**-23: exact in float32, and strictly inside (-1, 1).
    uniform = (tf.cast(tf.bitwise.right_shift(bits, 8), tf.float32) + 0.5) * 2.0**-23
    # On the negative side alone: near +1 TensorFlow's erfinv rounds to infinity outside XLA.
    return -math.sqrt(2) * tf.sign(uniform) * tf.math.erfinv(-tf.abs(uniform))
