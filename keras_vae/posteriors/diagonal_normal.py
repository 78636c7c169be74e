"""The diagonal normal posterior."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.posteriors.posterior import Posterior

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class DiagonalNormal(Posterior):
    """q(z|x) = N(mean(x), diag(stddev(x)^2)); the encoder returns means, then log-variances.

    Kingma and Welling 2013, equation 9. The encoder's output is one tensor `[n, 2 * latent_dim]`, or the pair
    `(mean, log_variance)` that Keras' own example returns.
    """

    @property
    def parameters_shape(self) -> tuple[int]:
        """`(2 * latent_dim,)`."""
        return (2 * self.event_shape[0],)

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return q(z|x) from float32 `[n, 2 * latent_dim]`."""
        latent_dim = parameters.shape[-1] // 2
        mean, log_variance = parameters[..., :latent_dim], parameters[..., latent_dim:]
        return tfd.Independent(tfd.Normal(mean, tf.exp(0.5 * log_variance)), 1)

    def moments(self, posterior: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the parameters themselves: TFP's `mean()` broadcasts them first, which costs operators."""
        return posterior.distribution.loc, posterior.distribution.scale

    def reparameterize(self, distribution: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return mean + stddev * noise (Kingma and Welling 2013, equation 4 and section 3)."""
        mean, stddev = self.moments(distribution)
        return mean + stddev * noise
