"""How a model judges each image, in nats, by samples of its posterior. `VAE` has `score` as its method."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import ArrayLike

from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.data.as_array import as_array
from keras_vae.data.labels import labels_given
from keras_vae.data.pixels import check_pixels
from keras_vae.models.finite_weights import unusable_weights
from keras_vae.models.scores import Scores
from keras_vae.objectives.kl import factorise, kl_divergence, kl_per_dimension
from keras_vae.random.portable import check_index, check_seed
from keras_vae.random.row_noise import SAMPLES, row_noise

tfd = tfp.distributions
# Pixels decoded, or terms of the prior's density, at a time: bounds the memory, whatever the number of samples. About
# 32 MB a float32 copy.
PIXELS_AT_A_TIME = 8_000_000


class SampleTerms(NamedTuple):
    """What samples of the posterior say of each image, in nats.

    Attributes:
        log_likelihood: log p(x|z), float32 `[samples, n]`.
        log_ratio: log p(z) - log q(z|x), likewise; with the former the logarithm of an importance weight.
        kl: KL(q(z|x) || p(z)), float32 `[n]`.
        kl_per_dimension: float32 `[n, latent_dim]`, of a posterior that is autoregressive over groups of latents:
            closed forms at the samples; None for others.
    """

    log_likelihood: tf.Tensor
    log_ratio: tf.Tensor
    kl: tf.Tensor
    kl_per_dimension: tf.Tensor | None = None

    def scores(self) -> Scores:
        """Return the scores of these samples alone."""
        reconstruction = -tf.reduce_mean(self.log_likelihood, axis=0)
        log_samples = math.log(self.log_likelihood.shape[0])
        bound = tf.reduce_logsumexp(self.log_likelihood + self.log_ratio, axis=0) - log_samples
        return Scores(-(reconstruction + self.kl), reconstruction, self.kl, bound)


def sample_terms(
    model: Any,
    x: tf.Tensor,
    label: tf.Tensor | None,
    noise: tf.Tensor,
    prior: tfd.Distribution | None = None,
    rewrite: Callable[[tfd.Distribution], tfd.Distribution] = lambda distribution: distribution,
) -> SampleTerms:
    """Return what the posterior's samples for some noise say of each image.

    Args:
        model: a `VAE`.
        x: images float32 `[n, H, W, C]`.
        label: of a conditional model, int `[n]`, else None.
        noise: standard normal, float32 `[samples, n, latent_dim]`.
        prior: p(z); the model's own by default.
        rewrite: gives each distribution another form, for files whose runtimes have few operators; none by default.
    """
    decode = functools.partial(model.decoder_outputs, label=label)
    q, z, outputs = model.posterior.infer(model.encoder_outputs(x, label), noise, decode)
    q, prior = rewrite(q), rewrite(model.prior() if prior is None else prior)
    log_likelihood = rewrite(model.likelihood(outputs)).log_prob(x)
    of_groups = model.posterior.widths and factorise(q, prior)
    per_dimension = kl_per_dimension(q, prior) if of_groups else None
    return SampleTerms(log_likelihood, prior.log_prob(z) - q.log_prob(z), kl_divergence(q, prior, z), per_dimension)


def samples_at_a_time(model: Any, images: int, samples: int) -> int:
    """Return how many samples of each of `images` images are decoded at once."""
    numbers = max(math.prod(model.likelihood.parameters_shape), model.prior.num_components)
    return max(1, min(samples, PIXELS_AT_A_TIME // (numbers * images)))


def in_parts(
    model: Any, images: int, samples: int, part: Callable[[int, int], tuple[tf.Tensor, ...]]
) -> tuple[tf.Tensor, ...]:
    """Return the logarithm of the mean importance weight, float32 `[n]`, and means over the samples.

    Args:
        model: a `VAE`.
        images: n.
        samples: of each image.
        part: from the number of the first sample and how many to sums over them: the logarithm of that of the weights,
            and those of which the means are taken.
    """
    total, sums = tf.fill([images], -float("inf")), None
    at_a_time = samples_at_a_time(model, images, samples)
    for first in range(0, samples, at_a_time):
        log_sum, *others = part(first, min(at_a_time, samples - first))
        total = tf.reduce_logsumexp(tf.stack([total, log_sum]), axis=0)
        sums = others if sums is None else [one + other for one, other in zip(sums, others, strict=True)]
    return total - tf.math.log(float(samples)), *(each / float(samples) for each in sums or ())


def score(
    self: Any,
    x: Any,
    importance_samples: int = SAMPLES,
    seed: int = 0,
    batch_size: int = 100,
    *,
    label: Any = None,
    index: ArrayLike | None = None,
) -> Scores:
    """Return how usual each image is under the model, in nats: images unlike the training images have a lower ELBO.

    The samples of the posterior come from the portable random number generator and depend on the seed and the row
    number, as in the signature `score` of exported files. So the same image in the same row has the same score
    everywhere, up to rounding. If the likelihood is not a distribution over such pixels (a Bernoulli with gray pixels),
    the scores are cross-entropies, which can still be used for ranking.

    Args:
        x: images float `[n, H, W, C]` in [0, 1].
        importance_samples: K, the number of posterior samples per image, at least 1; 16 by default.
        seed: an int32; 0 by default.
        batch_size: number of images that go through the networks at once; 100 by default.
        label: for a conditional model, one class for all images (a number or a name), or int `[n]`.
        index: row numbers, int `[n]`, at least 0, for images that are scored in several calls; 0 to n - 1 by default.

    Returns:
        `Scores` with the fields `elbo`, `reconstruction`, `kl` and `bound`, NumPy float32 `[n]` each.

    Raises:
        ValueError: if images have the wrong shape, are outside [0, 1] or NaN; if labels are missing or out of range; if
            a number is out of range; or if the model's posterior has no density or its weights are not finite.

    Example:
        >>> import numpy as np, keras_vae
        >>> model = keras_vae.VAE.from_preset("digits_mlp")
        >>> model.score(np.zeros([3, 8, 8, 1], "float32")).elbo.shape
        (3,)
    """
    samples, batch_size = (
        whole_number(name, value, 1)
        for name, value in (("importance_samples", importance_samples), ("batch_size", batch_size))
    )
    seed = check_seed(seed)
    if not self.posterior.has_density:
        raise ValueError(
            f"the posterior is {type(self.posterior).__name__}, which has no density: expected one of a keras_vae.VAE; "
            "use the error of reconstruct(x) instead"
        )
    if unusable := unusable_weights(self):
        raise ValueError(unusable)
    x = as_array("x", x)
    check_pixels(x, "x", self.image_shape)
    rows = check_index(range(len(x)) if index is None else index)
    if len(rows) != len(x) or int(rows.max()) > (2**31 - samples) // samples:
        raise ValueError(
            f"index is {shown(rows.tolist())}: expected {len(x)} whole numbers from 0 to {(2**31 - samples) // samples}"
            ", one for each image; leave it out to number them from 0"
        )
    labels = labels_given(label, len(x), self.classes, self.class_names)
    parts = []
    for start in range(0, len(x), batch_size):
        some = slice(start, start + batch_size)
        given = None if labels is None else tf.constant(labels[some])
        parts.append(_scores(self, tf.constant(x[some], tf.float32), given, tf.constant(rows[some]), samples, seed))
    return Scores(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _scores(model: Any, x: tf.Tensor, label: tf.Tensor | None, rows: tf.Tensor, samples: int, seed: int) -> Scores:
    def part(first: int, count: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        noise = row_noise(seed, rows, model.latent_dim, samples, first, count)
        terms = sample_terms(model, x, label, noise)
        log_sum = tf.reduce_logsumexp(terms.log_likelihood + terms.log_ratio, axis=0)
        return log_sum, tf.reduce_sum(terms.log_likelihood, axis=0), count * terms.kl

    bound, log_likelihood, kl = (each.numpy() for each in in_parts(model, len(x), samples, part))
    return Scores(log_likelihood - kl, -log_likelihood, kl, bound)
