"""The importance-weighted bound on log p(x), streamed over samples."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import tensorflow as tf

from keras_vae.checks.number import whole_number
from keras_vae.evaluation.traced import traced
from keras_vae.models.vae import VAE
from keras_vae.objectives.kl import factorise, kl_per_dimension
from keras_vae.random.noise import EVALUATION, normal

# Pixels decoded, or terms of the prior's density, at a time: bounds the memory, whatever the number of samples. About
# 32 MB a float32 copy.
PIXELS_AT_A_TIME = 8_000_000


class ImportanceWeights(NamedTuple):
    """What K samples of the posterior say of each image: float32 `[n]` each, in nats.

    `kl_per_dimension`, `[n, latent_dim]`, is that of a posterior which is autoregressive over groups: closed forms at
    the samples; None for others.
    """

    bound: tf.Tensor
    reconstruction: tf.Tensor
    kl: tf.Tensor
    kl_per_dimension: tf.Tensor | None = None


def samples_at_a_time(model: VAE, images: int, samples: int) -> int:
    """Return how many samples of each of `images` images are decoded at once."""
    numbers = max(math.prod(model.likelihood.parameters_shape), model.prior.num_components)
    return max(1, min(samples, PIXELS_AT_A_TIME // (numbers * images)))


class ImportanceWeightedBound:
    """Computes log p(x) >= E[log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)], z_k from q(z|x).

    Burda, Grosse and Salakhutdinov 2016, equation 8. The bound is the ELBO at K = 1, never falls as K grows and
    tends to log p(x). Samples come in chunks whose log-sum-exp is carried along, so memory does not grow with K.

    Args:
        model: a `VAE`.
        samples: K, at least 1.
        seed: of the samples; 0 by default.

    Raises:
        ValueError: `samples` below 1.
    """

    def __init__(self, model: VAE, samples: int, seed: int = 0) -> None:
        self.model = model
        self.samples: int = whole_number("importance_samples", samples, 1)
        self.seed = seed
        self._chunk = traced(_log_weights, model)

    def __call__(self, x: tf.Tensor, batch: int = 0, label: tf.Tensor | None = None) -> ImportanceWeights:
        """Return bound, reconstruction and KL of each image, the last two by Monte Carlo over the samples.

        Args:
            x: images float32 `[n, H, W, C]` in [0, 1].
            batch: the number of this batch in its dataset; it and the seed decide the samples.
            label: classes of the images, int `[n]`, for a conditional model.
        """
        total = tf.fill([x.shape[0]], -float("inf"))
        log_likelihood = log_ratio = tf.zeros([x.shape[0]])
        per_dimension = None
        at_a_time = samples_at_a_time(self.model, x.shape[0], self.samples)
        for start in range(0, self.samples, at_a_time):
            count = min(at_a_time, self.samples - start)
            log_sum, likelihood, ratio, kl = self._chunk(x, label, tf.constant([self.seed, batch, start, count]))
            total = tf.reduce_logsumexp(tf.stack([total, log_sum]), axis=0)
            log_likelihood += likelihood
            log_ratio += ratio
            if kl is not None:
                per_dimension = kl if per_dimension is None else per_dimension + kl
        count = float(self.samples)
        return ImportanceWeights(
            total - tf.math.log(count),
            -log_likelihood / count,
            -log_ratio / count,
            None if per_dimension is None else per_dimension / count,
        )


def _log_weights(
    model: VAE, x: tf.Tensor, label: tf.Tensor | None, place: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | None]:
    """Return sums over the samples of `place` = (seed, batch, first sample, samples), float32 `[n]` each.

    The logarithm of that of the weights, and those of log p(x|z) and of log p(z) / q(z|x); then that of each
    dimension's KL `[n, latent_dim]` where it depends on the sample.
    """
    seed, batch, start, count = tf.unstack(place)
    noise = normal(seed, EVALUATION, batch, tf.stack([count, tf.shape(x)[0], model.latent_dim]), start)
    decode = functools.partial(model.decoder_outputs, label=label)
    q, z, outputs = model.posterior.infer(model.encoder_outputs(x, label), noise, decode)
    log_likelihood = model.likelihood(outputs).log_prob(x)
    prior = model.prior()
    log_ratio = prior.log_prob(z) - q.log_prob(z)
    by_sample = q.batch_shape.rank == 2 and factorise(q, prior)
    return (
        tf.reduce_logsumexp(log_likelihood + log_ratio, axis=0),
        tf.reduce_sum(log_likelihood, axis=0),
        tf.reduce_sum(log_ratio, axis=0),
        tf.cast(count, tf.float32) * kl_per_dimension(q, prior) if by_sample else None,
    )
