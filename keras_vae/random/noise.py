"""The noise of training and evaluation: a function of (seed, stream, step), never of what ran before."""

from __future__ import annotations

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
    fold_in = tf.random.experimental.stateless_fold_in
    return tf.random.stateless_normal(shape, fold_in(fold_in([seed, stream], step), part))
