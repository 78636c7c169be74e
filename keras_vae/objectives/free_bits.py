"""Free bits: a KL that is not penalised below a minimum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import at_least
from keras_vae.objectives.elbo import ELBO, Schedule
from keras_vae.objectives.kl import factorise, kl_per_dimension

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class FreeBits(ELBO):
    """Minimise -E_q[log p(x|z)] + kl_weight * sum over j of max(free_nats, mean over the batch of KL_j).

    Kingma et al. 2016, "Improved variational inference with inverse autoregressive flow", equation 15, with one group
    for each latent dimension j: dimensions below this minimum are not penalised further, which keeps them from
    collapsing. If the dimensions of the posterior or the prior are dependent, the KL is not a sum over dimensions, and
    the whole latent is one group with `free_nats * latent_dim` free nats.

    On several replicas, each takes the mean over its own images.

    Args:
        free_nats: free nats of each latent dimension, at least 0; 0.1 by default.
        kl_weight: as in `ELBO`; 1 by default.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(self, free_nats: float = 0.1, kl_weight: float | Schedule | Mapping[str, Any] = 1.0) -> None:
        super().__init__(kl_weight)
        self.free_nats = at_least("free_nats", free_nats, 0)

    def penalty(self, q: tfd.Distribution, prior: tfd.Distribution, kl: tf.Tensor) -> tf.Tensor:
        """Return each image's part of the floored KL, float32 `[n]`; the mean of the parts is the floored mean."""
        if factorise(q, prior):
            groups, free = kl_per_dimension(q, prior), self.free_nats
        else:
            groups, free = kl[:, tf.newaxis], self.free_nats * q.event_shape[-1]
        below = tf.reduce_mean(groups, axis=0) < free
        return tf.reduce_sum(tf.where(below, free, groups), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this objective again."""
        return {"free_nats": self.free_nats, **super().get_config()}
