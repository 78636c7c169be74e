"""The binomial likelihood: each pixel is a count of coins."""

from __future__ import annotations

import functools
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import whole_number
from keras_vae.distributions.independent_pixels import IndependentPixels
from keras_vae.likelihoods.likelihood import Likelihood, logits_of_mean

tfd = tfp.distributions


def log_choose(trials: int, counts: tf.Tensor) -> tf.Tensor:
    """Return log C(trials, k) of counts k, float32 of whole numbers, by a table.

    Of integers, like the portable generator's: no runtime of files has lgamma, and converters round tables of floats
    with the weights. The power of two that scales them is taken in halves, which float16 can hold.
    """
    table, half = _table(trials)
    index = tf.clip_by_value(tf.cast(counts, tf.int32), 0, trials)
    return tf.cast(tf.gather(tf.constant(table), index), tf.float32) * half * half


@functools.cache
def _table(trials: int) -> tuple[np.ndarray, float]:
    exact = [math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in range(trials + 1)]
    halves = min(14, (30 - math.ceil(math.log2(max(exact) + 1))) // 2)
    return np.array([round(value * 4**halves) for value in exact], np.int32), 2.0**-halves


class PixelBinomial(tfd.Binomial):
    """TFP's Binomial over pixels `count / total_count` in [0, 1] instead of over counts."""

    softplus = staticmethod(tf.nn.softplus)  # of densities; exported files take another

    def _log_prob(self, pixels: tf.Tensor) -> tf.Tensor:
        trials, logits = self.total_count, self.logits
        counts = tf.round(pixels * trials)  # stored as bytes, k / 16 comes back only nearly exact
        choose = log_choose(int(self.parameters["total_count"]), counts)
        return choose + counts * logits - trials * self.softplus(logits)

    def _sample_n(self, n: tf.Tensor, seed: object = None) -> tf.Tensor:
        return super()._sample_n(n, seed) / self.total_count

    def _mean(self) -> tf.Tensor:
        return tf.sigmoid(self.logits)

    def _variance(self) -> tf.Tensor:
        mean = tf.sigmoid(self.logits)
        return mean * (1 - mean) / self.total_count

    def _mode(self) -> tf.Tensor:
        return super()._mode() / self.total_count


@keras.saving.register_keras_serializable(package="keras_vae")
class Binomial(Likelihood):
    """Independent binomial pixels k / trials, k = 0 ... trials; the decoder's outputs are the logits.

    log p(x|z) = sum over pixels of log C(trials, k) + k log s + (trials - k) log(1 - s), s = sigmoid(logit), in nats
    per image. Unlike the Bernoulli, it is a likelihood for pixels with `trials + 1` gray levels. The embedded digits
    have such pixels: each pixel counts the black dots in a 4 x 4 block (Alpaydin and Kaynak 1998), so there are 16
    trials.

    Args:
        trials: number of gray levels minus one, at least 1; 16 by default. Use 255 for bytes.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if `trials` is below 1.
    """

    def __init__(self, trials: int = 16, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trials = whole_number("trials", trials, 1)

    def of_mean(self, mean: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from its mean, float32 `[..., H, W, C]`."""
        return self(logits_of_mean(mean))

    def is_likelihood_of(self, pixels: tf.Tensor) -> tf.Tensor:
        """Whether all pixels are multiples of 1 / trials, exactly or as the nearest byte holds them."""
        exact = tf.round(pixels * self.trials) / self.trials
        as_bytes = tf.round(exact * 255) / 255
        return tf.reduce_all(tf.minimum(tf.abs(pixels - exact), tf.abs(pixels - as_bytes)) < 1e-6)

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from logits float32 `[..., H, W, C]`."""
        return IndependentPixels(PixelBinomial(total_count=float(self.trials), logits=parameters), 3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this likelihood again."""
        return {**super().get_config(), "trials": self.trials}
