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

    def distribution(self, latent_dim: int) -> tfd.Distribution:
        """Return N(0, I) over float32 `[latent_dim]`."""
        return tfd.Independent(tfd.Normal(tf.zeros([latent_dim]), tf.ones([latent_dim])), 1)

    def from_noise(self, noise: tf.Tensor) -> tf.Tensor:
        """Return `noise` itself: it is a sample already."""
        return noise
