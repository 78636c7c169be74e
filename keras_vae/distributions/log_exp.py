"""log(1 + exp(t)) and log(1 - exp(-t)) at any t, by operators that no converter spoils.

TFLite's turns `tf.nn.softplus` into log(exp(t) + 1), which is infinite from t = 89 on, and `tf.math.expm1` into
exp(t) - 1, which is zero near t = 0.
"""

from __future__ import annotations

import tensorflow as tf


def softplus(t: tf.Tensor) -> tf.Tensor:
    """Return log(1 + exp(t)).

    Example:
        >>> softplus(tf.constant([-200.0, 0.0, 200.0])).numpy().round(3)
        array([  0.   ,   0.693, 200.   ], dtype=float32)
    """
    return tf.nn.relu(t) + tf.math.log(1 + tf.exp(-tf.abs(t)))


def log1mexp(t: tf.Tensor) -> tf.Tensor:
    """Return log(1 - exp(-t)) of t above 0: below 1/2 by the series of log((1 - exp(-t)) / t), good to 1e-7.

    Example:
        >>> log1mexp(tf.constant([1e-9, 0.4, 50.0])).numpy().round(3)
        array([-20.723,  -1.11 ,   0.   ], dtype=float32)
    """
    small, large = tf.minimum(t, 0.5), tf.maximum(t, 0.5)  # some runtimes add up what was not chosen, times zero
    near = tf.math.log(small) - small / 2 + small * small * (1 / 24 - small * small / 2880)
    return tf.where(t < 0.5, near, tf.math.log(1 - tf.exp(-large)))
