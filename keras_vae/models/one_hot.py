"""Labels as a conditional model's networks take them."""

from __future__ import annotations

import tensorflow as tf


def one_hot(label: tf.Tensor, classes: int, training: bool = False) -> tf.Tensor:
    """Return float32 `[..., classes]` of labels int `[...]`: 1 at the label, 0 elsewhere.

    In training a label out of range, which a compiled graph cannot refuse, gives NaN, so that it does not go unnoticed.
    Otherwise the rows of a table are taken: TFLite's own one-hot is wrong once it is quantised to int8.

    Example:
        >>> one_hot(tf.constant([2, 3]), 3, training=True).numpy()
        array([[ 0.,  0.,  1.],
               [nan, nan, nan]], dtype=float32)
    """
    if not training:
        return tf.gather(tf.eye(classes), tf.cast(label, tf.int32))
    hot = tf.cast(tf.equal(tf.expand_dims(tf.cast(label, tf.int32), -1), tf.range(classes)), tf.float32)
    return hot / tf.reduce_sum(hot, axis=-1, keepdims=True)
