"""The standard normal prior."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.priors.prior import Prior

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class StandardNormal(Prior):
    """p(z) = N(0, I) (Kingma and Welling 2013, section 3)."""

    def call(self, parameters: None = None) -> tfd.Distribution:
        """Return N(0, I) over float32 `[latent_dim]`."""
        return tfd.Independent(tfd.Normal(tf.zeros(self.event_shape), tf.ones(self.event_shape)), 1)

    def reparameterize(self, distribution: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return `noise` itself: it is a sample already."""
        return noise
