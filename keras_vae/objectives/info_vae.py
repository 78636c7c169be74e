"""The InfoVAE with maximum mean discrepancy."""

from __future__ import annotations

from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import at_least, is_number
from keras_vae.checks.shown import shown
from keras_vae.objectives.kl import kl_divergence
from keras_vae.objectives.objective import Objective, Terms
from keras_vae.random.portable import check_seed

tfd = tfp.distributions

PRIOR_SAMPLES = 256


@keras.saving.register_keras_serializable(package="keras_vae")
class InfoVAE(Objective):
    """Minimise -E_q[log p(x|z)] + (1 - alpha) KL(q(z|x) || p(z)) + (alpha + scale - 1) MMD(q(z), p(z)).

    Zhao et al. 2019, "InfoVAE: balancing learning and inference in variational autoencoders", equation 6, with the
    squared maximum mean discrepancy under the kernel exp(-|a - b|^2 / (2 latent_dim)) as the divergence of the
    aggregate posterior q(z) from the prior. With alpha = 1 the KL disappears, which gives the MMD-VAE.

    The MMD compares the samples of the batch (on several replicas, each compares its own) with 256 samples of the
    prior, which depend on the seed and the step. The estimate includes the kernel of each sample with itself, which is
    1, so that even a q(z) equal to the prior N(0, I) costs about scale (1 / batch + 1 / 256) (1 - (1 + 2 /
    latent_dim)^(-latent_dim / 2)): 7.2 nats per image with scale 1,000, batches of 128 and 20 dimensions, and 3.6 with
    batches of 512. So batches should be large, losses with different batch sizes cannot be compared, and `evaluate`
    does not use the MMD. Samples of a mixture have no gradient with respect to its weights, so with alpha = 1 the
    weights of a `GaussianMixture` do not change.

    Args:
        alpha: at most 1; 0 by default, which keeps the whole KL.
        scale: lambda, at least 1 - alpha; 1,000 by default, since the discrepancy is at most 2 while reconstructions
            are hundreds of nats.
        seed: seed of the prior's samples; 0 by default.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(self, alpha: float = 0.0, scale: float = 1000.0, seed: int = 0) -> None:
        if not is_number(alpha) or alpha > 1:
            raise ValueError(f"alpha is {shown(alpha)}: expected a number of at most 1; 1 gives the MMD-VAE")
        self.alpha, self.scale = float(alpha), at_least("scale", scale, 1 - alpha)
        self.seed = check_seed(seed)
        self._step: tf.Tensor | int = 0

    def at(self, step: tf.Tensor) -> Self:
        """Return a copy whose samples of the prior are the step's."""
        return self.replace(_step=step)

    def __call__(
        self, x: tf.Tensor, z: tf.Tensor, q: tfd.Distribution, p: tfd.Distribution, prior: tfd.Distribution
    ) -> Terms:
        """Return loss, reconstruction and KL of each image, in nats; the MMD is the mean of the images' parts."""
        reconstruction = -tf.reduce_mean(p.log_prob(x), axis=0)
        kl = kl_divergence(q, prior, z)
        of_prior = prior.sample(PRIOR_SAMPLES, seed=[self.seed, self._step])
        loss = reconstruction + (1 - self.alpha) * kl + (self.alpha + self.scale - 1) * discrepancy(z, of_prior)
        return Terms(loss, reconstruction, kl)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this objective again."""
        return {"alpha": self.alpha, "scale": self.scale, "seed": self.seed}


def discrepancy(z: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Return each image's part of the squared MMD between two samples, float32 `[n]`, whose mean is the whole.

    MMD^2 = mean k(z, z') + mean k(w, w') - 2 mean k(z, w), over all pairs; Gretton et al. 2012, equation 5.

    Args:
        z: float32 `[samples, n, latent_dim]`.
        other: w, float32 `[m, latent_dim]`.
    """
    flat = tf.reshape(z, [-1, z.shape[-1]])
    by_sample = tf.reduce_mean(_kernel(flat, flat), axis=-1) - 2 * tf.reduce_mean(_kernel(flat, other), axis=-1)
    return tf.reduce_mean(tf.reshape(by_sample, tf.shape(z)[:2]), axis=0) + tf.reduce_mean(_kernel(other, other))


def _kernel(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    squares = tf.reduce_sum(tf.math.squared_difference(a[:, tf.newaxis], b), axis=-1)
    return tf.exp(-squares / (2.0 * a.shape[-1]))
