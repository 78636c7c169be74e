"""Labels as a conditional model's networks take them."""

from __future__ import annotations

import tensorflow as tf


def one_hot(label: tf.Tensor, classes: int) -> tf.Tensor:
    """Return float32 `[..., classes]` of labels int `[...]`: 1 at the label; NaN for one out of range.

    So that such a label, which a graph cannot refuse, does not go unnoticed. By operations that TFLite has.

    Example:
        >>> one_hot(tf.constant([2, 3]), 3).numpy()
        array([[ 0.,  0.,  1.],
               [nan, nan, nan]], dtype=float32)
    """
    label = tf.cast(label, tf.int32)
    numbers = tf.range(classes)
    hot = tf.cast(tf.equal(tf.expand_dims(label, -1), numbers), tf.float32)
    return tf.math.divide(hot, tf.reduce_sum(hot, axis=-1, keepdims=True))
