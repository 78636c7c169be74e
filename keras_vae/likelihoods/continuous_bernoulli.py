"""The continuous Bernoulli likelihood: a density over gray pixels."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.distributions.independent_pixels import IndependentPixels
from keras_vae.likelihoods.likelihood import Likelihood

tfd = tfp.distributions


class PixelContinuousBernoulli(tfd.ContinuousBernoulli):
    """TFP's continuous Bernoulli, its mean by operations that every runtime has."""

    def _mean(self) -> tf.Tensor:
        return mean_of_logits(self.logits)


def mean_of_logits(logits: tf.Tensor) -> tf.Tensor:
    """Return 1 / (1 - exp(-logit)) - 1 / logit, for any logit."""
    size = tf.abs(logits)
    away = tf.maximum(size, 0.5)
    square = size * size
    near_zero = 0.5 + size * (1 / 12 - square * (1 / 720 - square / 30240))  # the difference cancels there
    mean = tf.where(size < 0.5, near_zero, 1 / (1 - tf.exp(-away)) - 1 / away)
    return tf.where(logits < 0, 1 - mean, mean)


def logits_of_mean(mean: tf.Tensor) -> tf.Tensor:
    """Return the logits with this mean, float32; an exact 0 or 1 is taken as float32's half step 2**-24 beside it.

    2 mean - 1 = coth(t) - 1 / t with t = logit / 2, Langevin's function: Newton's method from Cohen's approximation.
    """
    y = 2 * tf.clip_by_value(tf.cast(mean, tf.float64), 2.0**-24, 1 - 2.0**-24) - 1
    t = y * (3 - y * y) / (1 - y * y)
    for _ in range(4):
        small = tf.abs(t) < 1e-2
        away = tf.where(small, tf.ones_like(t), t)
        # 1 / sinh(t)^2 as 4 e / (1 - e)^2, which does not overflow
        e = tf.exp(-2 * tf.abs(away))
        value = tf.where(small, t / 3 - t**3 / 45, 1 / tf.tanh(away) - 1 / away)
        slope = tf.where(small, 1 / 3 - t**2 / 15, 1 / away**2 - 4 * e / (1 - e) ** 2)
        t -= (value - y) / slope
    return tf.cast(2 * t, tf.float32)


@keras.saving.register_keras_serializable(package="keras_vae")
class ContinuousBernoulli(Likelihood):
    """Independent continuous Bernoulli pixels; the decoder's outputs are their logits.

    log p(x|z) = sum over pixels of x log s + (1 - x) log(1 - s) + log C(s), s = sigmoid(logit), in nats per image: the
    Bernoulli's cross-entropy with the constant that makes it a density over gray pixels in [0, 1] (Loaiza-Ganem and
    Cunningham 2019, "The continuous Bernoulli"). It is a log density, so it may be positive, and it cannot be compared
    with a Bernoulli's. The mean of a pixel is not s, but closer to 1/2.
    """

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from logits float32 `[..., H, W, C]`."""
        return IndependentPixels(PixelContinuousBernoulli(logits=parameters, dtype=tf.float32), 3)

    def of_mean(self, mean: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from its mean, float32 `[..., H, W, C]`."""
        return self(logits_of_mean(mean))
