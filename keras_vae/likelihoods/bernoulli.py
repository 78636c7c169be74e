"""The Bernoulli likelihood: each pixel is a coin."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.distributions.independent_pixels import IndependentPixels
from keras_vae.likelihoods.likelihood import Likelihood, logits_of_mean

tfd = tfp.distributions


class CrossEntropyBernoulli(tfd.Bernoulli):
    """TFP's Bernoulli with the log-probability as one sigmoid cross-entropy.

    log p(x) = x log s + (1 - x) log(1 - s) = x logit - softplus(logit), s = sigmoid(logit): the value is TFP's own, for
    gray pixels in [0, 1] too. TFP computes log p(0) and log p(1) apart, and the gradient of TensorFlow's
    `sigmoid_cross_entropy_with_logits` is several times as slow as this one's, which is x - s.
    """

    softplus = staticmethod(tf.nn.softplus)  # of densities; exported files take another

    def _log_prob(self, event: tf.Tensor) -> tf.Tensor:
        return event * self.logits - self.softplus(self.logits)


@keras.saving.register_keras_serializable(package="keras_vae")
class Bernoulli(Likelihood):
    """Independent Bernoulli pixels; the decoder's outputs are their logits.

    -log p(x|z) = sum over pixels of -x log s - (1 - x) log(1 - s), s = sigmoid(logit): the binary cross-entropy, in
    nats per image. With binary pixels it is a likelihood. With gray pixels it is only a cross-entropy, and the package
    says so wherever it reports one (Loaiza-Ganem and Cunningham 2019, "The continuous Bernoulli").
    """

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from logits float32 `[..., H, W, C]`."""
        return IndependentPixels(CrossEntropyBernoulli(logits=parameters, dtype=tf.float32), 3)

    def of_mean(self, mean: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from its mean, float32 `[..., H, W, C]`."""
        return self(logits_of_mean(mean))

    def is_likelihood_of(self, pixels: tf.Tensor) -> tf.Tensor:
        """Whether all pixels are 0 or 1."""
        return tf.reduce_all(tf.equal(pixels, 0) | tf.equal(pixels, 1))
