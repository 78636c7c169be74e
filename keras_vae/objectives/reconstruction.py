"""The objective of an autoencoder."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.objectives.objective import Objective, Terms
from keras_vae.posteriors.posterior import Posterior

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class Reconstruction(Objective):
    """Minimise only -E_q[log p(x|z)]. Without a KL, posteriors may shrink to points anywhere in the latent space."""

    logged = ("loss",)

    def check_posterior(self, posterior: Posterior) -> None:
        """Accept any posterior: no density is needed."""

    def __call__(
        self, x: tf.Tensor, z: tf.Tensor, q: tfd.Distribution, p: tfd.Distribution, prior: tfd.Distribution
    ) -> Terms:
        """Return the cross-entropy of each image, in nats, as loss and reconstruction; the KL counts as 0."""
        reconstruction = -tf.reduce_mean(p.log_prob(x), axis=0)
        return Terms(reconstruction, reconstruction, tf.zeros_like(reconstruction))
