"""The posterior of an autoencoder: one point."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.posteriors.posterior import Posterior

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class Deterministic(Posterior):
    """A single point: the code that the encoder returns. It has no density, so its KL to a prior is not finite."""

    has_density = False

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return the point at codes float32 `[n, latent_dim]`."""
        return tfd.VectorDeterministic(parameters)

    def reparameterize(self, distribution: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return the code itself, for each sample of the noise."""
        return distribution.loc + 0 * noise

    def moments(self, posterior: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the code, and zeros."""
        return posterior.loc, tf.zeros_like(posterior.loc)
