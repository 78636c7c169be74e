"""The evidence lower bound."""

from __future__ import annotations

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.objectives.kl import kl_divergence
from keras_vae.objectives.objective import Objective, Terms

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class ELBO(Objective):
    """Minimise -E_q[log p(x|z)] + kl_weight * KL(q(z|x) || p(z)), the negative ELBO when `kl_weight` is 1.

    Kingma and Welling 2013, equation 3; other weights are the beta-VAE of Higgins et al. 2017, equation 4.

    Args:
        kl_weight: the factor of the KL term, at least 0; 1 by default.

    Raises:
        ValueError: a negative or non-finite weight.
    """

    def __init__(self, kl_weight: float = 1.0) -> None:
        if not (math.isfinite(kl_weight) and kl_weight >= 0):
            raise ValueError(f"kl_weight is {kl_weight}: expected a finite number of at least 0; 1 gives the ELBO")
        self.kl_weight = float(kl_weight)

    def __call__(
        self,
        x: tf.Tensor,
        posterior: tfd.Distribution,
        prior: tfd.Distribution,
        z: tf.Tensor,
        likelihood: tfd.Distribution,
    ) -> Terms:
        """Return loss, reconstruction and KL of each image, in nats."""
        reconstruction = -tf.reduce_mean(likelihood.log_prob(x), axis=0)
        kl = kl_divergence(posterior, prior, z)
        return Terms(reconstruction + self.kl_weight * kl, reconstruction, kl)

    def get_config(self) -> dict:
        """Return the arguments that build this objective again."""
        return {"kl_weight": self.kl_weight}
