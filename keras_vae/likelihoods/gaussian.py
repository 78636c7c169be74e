"""Gaussian likelihoods: their scale given, learned, or the best for the batch."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import above
from keras_vae.distributions.independent_pixels import IndependentPixels
from keras_vae.likelihoods.likelihood import Likelihood

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class Gaussian(Likelihood):
    """Independent normal pixels with one standard deviation; the sigmoids of the decoder's outputs are the means.

    log p(x|z) = sum over pixels of -(x - mean)^2 / (2 stddev^2) - log stddev - log(2 pi) / 2, in nats per image. It is
    a log density, which may be positive, and can be compared only with other densities over pixels in [0, 1]. A small
    `stddev` gives sharp images and a large KL: `LearnedGaussian` and `OptimalGaussian` find it.

    Args:
        stddev: standard deviation in units of the pixels, above 0; 0.1 by default.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if `stddev` is not finite or not above 0.
    """

    def __init__(self, stddev: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = above("stddev", stddev, 0)

    def scale(self) -> tf.Tensor:
        """Return the standard deviation as it stands, float32 `[]`."""
        return tf.constant(self.stddev, tf.float32)

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from the logits of its means, float32 `[..., H, W, C]`."""
        return self.of_mean(tf.sigmoid(parameters))

    def of_mean(self, mean: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from its mean, float32 `[..., H, W, C]`."""
        return IndependentPixels(tfd.Normal(mean, self.scale()), 3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this likelihood again, with the scale as it stands."""
        return {**super().get_config(), "stddev": float(self.scale())}


@keras.saving.register_keras_serializable(package="keras_vae")
class LearnedGaussian(Gaussian):
    """`Gaussian` with one standard deviation for all pixels, trained with the networks.

    Rybkin et al. 2021, "Simple and effective VAE training with calibrated decoders", call this the shared sigma-VAE. It
    balances reconstruction and KL by itself, while a fixed scale has to be tuned.

    Args:
        stddev: initial standard deviation, above 0; 0.1 by default.
        kwargs: keyword arguments of the Keras layer, such as `name`.
    """

    def __init__(self, stddev: float = 0.1, **kwargs: Any) -> None:
        super().__init__(stddev, **kwargs)
        start = keras.initializers.Constant(math.log(self.stddev))
        self.log_stddev = self.add_weight(shape=(), initializer=start, name="log_stddev")

    def scale(self) -> tf.Tensor:
        """Return the standard deviation as it stands, float32 `[]`."""
        return tf.exp(self.log_stddev.value)


MOMENTUM = 0.99
SMALLEST_VARIANCE = 1e-6  # a standard deviation of a quarter of a byte's step: below it only rounding is modelled


@keras.saving.register_keras_serializable(package="keras_vae")
class OptimalGaussian(Gaussian):
    """`Gaussian` whose variance in training is the batch's mean squared error, which maximises the likelihood.

    Rybkin et al. 2021, "Simple and effective VAE training with calibrated decoders" (the optimal sigma-VAE). The scale
    needs no learning rate and adjusts immediately. An image must not influence the scale with which it is evaluated, so
    outside training the scale is that of the training batches so far: first their mean, then a running mean.

    Images are weighted by their sample weights. On several replicas, each uses the error of its own images, as with
    batch normalisation. A batch whose error is not finite, or whose weights are all 0, leaves the running scale as it
    was.

    Args:
        stddev: standard deviation before the first batch, above 0; 0.1 by default.
        kwargs: keyword arguments of the Keras layer, such as `name`.
    """

    def __init__(self, stddev: float = 0.1, **kwargs: Any) -> None:
        super().__init__(stddev, **kwargs)
        self.variance = self._running("variance", self.stddev**2)
        self.batches = self._running("batches", 0)

    def _running(self, name: str, start: float) -> Any:
        initializer = keras.initializers.Constant(start)
        return self.add_weight(shape=(), initializer=initializer, trainable=False, aggregation="mean", name=name)

    def scale(self) -> tf.Tensor:
        """Return the standard deviation of the batches seen, float32 `[]`."""
        return tf.sqrt(self.variance.value)

    def fit_to_batch(
        self, likelihood: tfd.Distribution, x: tf.Tensor, weight: tf.Tensor | None = None
    ) -> tfd.Distribution:
        """Return p(x|z) with the batch's own scale, and add that to the running one."""
        mean = likelihood.distribution.loc
        error, weighs = tf.square(x - mean), tf.constant(True)
        if weight is None:
            error = tf.reduce_mean(error)
        else:
            total = tf.reduce_sum(weight)
            weighs = total > 0
            error = tf.math.divide_no_nan(tf.reduce_sum(weight * tf.reduce_mean(error, [0, -3, -2, -1])), total)
        # At the optimum the gradient through the variance is zero, of terms that all weigh the same: without it those
        # of each image stay apart. An objective that weighs samples, such as IWAE, takes the scale as given.
        variance = tf.stop_gradient(tf.where(weighs, tf.maximum(error, SMALLEST_VARIANCE), self.variance.value))
        share = tf.maximum(1 / (self.batches.value + 1), 1 - MOMENTUM)
        # An update may be skipped after this, but no batch without a finite error may stay in the scale for good.
        usable = tf.math.is_finite(variance) & weighs
        self.variance.assign(
            tf.where(usable, self.variance.value + share * (variance - self.variance.value), self.variance.value)
        )
        self.batches.assign_add(tf.cast(usable, tf.float32))
        return IndependentPixels(tfd.Normal(mean, tf.sqrt(variance)), 3)
