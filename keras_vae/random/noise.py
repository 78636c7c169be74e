"""The noise of training and evaluation: a function of (seed, stream, step), never of what ran before."""

from __future__ import annotations

import functools
import math

import tensorflow as tf

# Streams keep draws for different purposes apart under one seed.
TRAINING, VALIDATION, EVALUATION = range(3)


def normal(
    seed: int,
    stream: int,
    step: tf.Tensor | int,
    shape: list[int | tf.Tensor] | tf.Tensor,
    part: tf.Tensor | int = 0,
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
    """
    # Named, since "auto" picks another algorithm under XLA than outside it.
    fold_in = functools.partial(tf.random.experimental.stateless_fold_in, alg="philox")
    key = fold_in(fold_in([seed, stream], step), part)
    bits = tf.random.stateless_uniform(shape, key, minval=None, maxval=None, dtype=tf.int32, alg="philox")
    return _to_normal(bits)


def _to_normal(bits: tf.Tensor) -> tf.Tensor:
    """Carry uniform int32 bits to standard normals, all finite and symmetric about 0."""
    # 24 bits, halfway between the steps of 2**-23: exact in float32, and strictly inside (-1, 1).
    uniform = (tf.cast(tf.bitwise.right_shift(bits, 8), tf.float32) + 0.5) * 2.0**-23
    # On the negative side alone: near +1 TensorFlow's erfinv rounds to infinity outside XLA.
    return -math.sqrt(2) * tf.sign(uniform) * tf.math.erfinv(-tf.abs(uniform))
