"""The importance-weighted bound on log p(x), streamed over samples."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from keras_vae.checks.number import whole_number
from keras_vae.evaluation.traced import traced
from keras_vae.models.scoring import in_parts, sample_terms
from keras_vae.models.vae import VAE
from keras_vae.random.noise import EVALUATION, normal

COMPILED_FROM = 1000  # samples


class ImportanceWeights(NamedTuple):
    """What K samples of the posterior say of each image: float32 `[n]` each, in nats.

    `kl_per_dimension`, `[n, latent_dim]`, is that of a posterior which is autoregressive over groups: closed forms at
    the samples; None for others.
    """

    bound: tf.Tensor
    reconstruction: tf.Tensor
    kl: tf.Tensor
    kl_per_dimension: tf.Tensor | None = None


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
        # By XLA if training is: it takes seconds to compile, and then 4/5 of the time.
        self._compiled = self.samples >= COMPILED_FROM and model.compiled and bool(model.jit_compile)
        self._chunk = traced(_log_weights, model, self._compiled)

    def __call__(self, x: tf.Tensor, batch: int = 0, label: tf.Tensor | None = None) -> ImportanceWeights:
        """Return bound, reconstruction and KL of each image, the last two by Monte Carlo over the samples.

        Args:
            x: images float32 `[n, H, W, C]` in [0, 1].
            batch: the number of this batch in its dataset; it and the seed decide the samples.
            label: classes of the images, int `[n]`, for a conditional model.
        """

        def part(first: int, count: int) -> tuple[tf.Tensor, ...]:
            number = count if self._compiled else tf.constant(count)  # XLA needs every shape
            return self._chunk(x, label, tf.constant([self.seed, batch, first]), number)

        bound, log_likelihood, log_ratio, *per_dimension = in_parts(self.model, x.shape[0], self.samples, part)
        return ImportanceWeights(bound, -log_likelihood, -log_ratio, *per_dimension)


def _log_weights(
    model: VAE, x: tf.Tensor, label: tf.Tensor | None, place: tf.Tensor, count: tf.Tensor | int
) -> tuple[tf.Tensor, ...]:
    """Return sums over `count` samples from `place` = (seed, batch, first sample) on, float32 `[n]` each.

    The logarithm of that of the weights, and those of log p(x|z) and of log p(z) / q(z|x); then that of each
    dimension's KL `[n, latent_dim]` where it depends on the sample.
    """
    seed, batch, start = tf.unstack(place)
    noise = normal(seed, EVALUATION, batch, tf.stack([count, tf.shape(x)[0], model.latent_dim]), start)
    terms = sample_terms(model, x, label, noise)
    sums = (
        tf.reduce_logsumexp(terms.log_likelihood + terms.log_ratio, axis=0),
        tf.reduce_sum(terms.log_likelihood, axis=0),
        tf.reduce_sum(terms.log_ratio, axis=0),
    )
    if terms.kl_per_dimension is None:
        return sums
    return *sums, tf.cast(count, tf.float32) * terms.kl_per_dimension
