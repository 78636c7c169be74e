"""ELBO surgery: what the KL term of a trained model is made of."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import NoneType
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import whole_number
from keras_vae.evaluation.posteriors import check_model, moments_of, posteriors_of, some
from keras_vae.evaluation.traced import traced
from keras_vae.models.vae import VAE
from keras_vae.random.noise import EVALUATION, normal
from keras_vae.random.portable import check_seed

tfd = tfp.distributions

# Numbers in the largest tensor, 16 MB of float32: bounds the memory, whatever the number of images.
NUMBERS_AT_A_TIME = 4_000_000
ROWS_AT_A_TIME = 100


def elbo_surgery(
    model: VAE,
    data: Any,
    samples: int = 1,
    seed: int = 0,
    batch_size: int = 100,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Split the mean KL of a set of images into its parts, in nats per image.

    With q(z), the aggregate posterior, the mean of q(z|x) over all n images of the set,

        mean KL(q(z|x) || p(z)) = mutual information + marginal KL
        marginal KL             = total correlation + dimension-wise KL

    Hoffman and Johnson 2016, "ELBO surgery", equation 7, and Chen et al. 2018, equation 2. All are means over `samples`
    latents of every image; q(z) is the mean over the posteriors of all images. Time grows as n^2. For a flow
    (coupling_flow), q(z_j) is approximated by a mean of normals with the flow's moments, so the total correlation and
    the dimension-wise KL are approximate.

    Args:
        model: a `VAE`.
        data: batches of images or of (images, labels), or one array of images float32 `[n, H, W, C]` in [0, 1].
        samples: number of latents per image, at least 1; 1 by default.
        seed: seed of the latents; 0 by default.
        batch_size: size of the batches into which an array is split; 100 by default.
        progress: a function that is called with the number of images done; none by default.

    Returns:
        A dict of plain numbers: `kl`, over these samples, so that the parts add up to it (`evaluate` has the closed
        form); `mutual_information` of image and latent, E[log q(z|x) - log q(z)], at most `mutual_information_limit`,
        log n; `marginal_kl`, KL(q(z) || p(z)), by which a prior equal to q(z) would lower the KL; `total_correlation`,
        KL(q(z) || prod_j q(z_j)); `dimension_wise_kl`, E[sum_j log q(z_j) - log p(z)], and
        `dimension_wise_kl_per_dimension`, the list of KL(q(z_j) || p(z_j)), None where the prior's dimensions are not
        independent; `mutual_information_per_dimension`, between the image and each z_j; `images`; `samples`.

    Raises:
        ValueError: if there are no images, images are unusable, or `samples` or `batch_size` is below 1.
    """
    check_model(model)
    check_seed(seed)
    check_kind("progress", progress, (Callable, NoneType), "a function of a number; leave it out for none")
    samples, batch_size = whole_number("samples", samples, 1), whole_number("batch_size", batch_size, 1)
    posteriors = posteriors_of(model, data, batch_size)
    # The marginals of a normal, with a full covariance too, are the normals of its moments; a flow's are near them.
    marginals = tfd.Normal(*moments_of(model, posteriors))
    images = int(marginals.batch_shape[0])
    by_dimension = isinstance(model.prior(), tfd.Independent)
    draw = traced(_draw, model)
    parts = []
    for number, start in enumerate(range(0, images, ROWS_AT_A_TIME)):
        ours = [some(each, start, start + ROWS_AT_A_TIME) for each in (posteriors, marginals)]
        z, *densities = draw(tf.constant([seed, number, samples]), *ours)
        flat = tf.reshape(z, [-1, model.latent_dim])
        aggregate = aggregate_density(flat, posteriors, marginals, model.posterior.density_size())
        shapes = ([samples, -1], [samples, -1, model.latent_dim])
        densities += [tf.reshape(density, shape) for density, shape in zip(aggregate, shapes, strict=True)]
        # over samples first: the images count alike, whatever the size of the last batch
        parts.append([np.asarray(density, np.float64).mean(axis=0) for density in densities])
        if progress:
            progress(min(start + ROWS_AT_A_TIME, images))
    log_posterior, log_own, log_prior, log_joint, log_marginals = (
        np.concatenate(columns).mean(axis=0) for columns in zip(*parts, strict=True)
    )
    log_product = log_marginals.sum()
    return {
        "kl": float(log_posterior - log_prior.sum()),
        "mutual_information": float(log_posterior - log_joint),
        "mutual_information_limit": math.log(images),
        "marginal_kl": float(log_joint - log_prior.sum()),
        "total_correlation": float(log_joint - log_product),
        "dimension_wise_kl": float(log_product - log_prior.sum()),
        "dimension_wise_kl_per_dimension": (log_marginals - log_prior).tolist() if by_dimension else None,
        "mutual_information_per_dimension": (log_own - log_marginals).tolist(),
        "images": images,
        "samples": int(samples),
    }


def _draw(
    model: VAE, place: tf.Tensor, posterior: tfd.Distribution, own: tfd.Normal
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Draw latents of some posteriors, `place` being (seed, number of the draw, samples).

    Returns:
        The latents float32 `[samples, n, d]`, their densities under the posterior `[samples, n]` and under `own`, its
        marginals, `[samples, n, d]`, and under the prior, of each dimension if they are independent.
    """
    seed, number, samples = tf.unstack(place)
    noise = normal(seed, EVALUATION, number, tf.stack([samples, tf.shape(own.loc)[0], model.latent_dim]))
    z, prior = model.posterior.reparameterize(posterior, noise), model.prior()
    log_prior = (prior.distribution if isinstance(prior, tfd.Independent) else prior).log_prob(z)
    return z, posterior.log_prob(z), own.log_prob(z), log_prior


def aggregate_density(
    z: tf.Tensor, posteriors: tfd.Distribution, marginals: tfd.Normal, numbers: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return log q(z) float32 `[m]` and log q(z_j) float32 `[m, d]`, q being the mean of n posteriors.

    The posteriors are taken some at a time and their log-sum-exp is carried along: memory does not grow with n.

    Args:
        z: latents float32 `[m, d]`.
        posteriors: batch shape `[n]`.
        marginals: those of each dimension, normals of batch shape `[n, d]`.
        numbers: held at once for the density of one latent under one posterior, as a `Posterior` tells.
    """
    count = int(marginals.batch_shape[0])
    at_a_time = max(1, NUMBERS_AT_A_TIME // (int(z.shape[0]) * numbers))
    joint, by_dimension = tf.fill(z.shape[:1], -math.inf), tf.fill(z.shape, -math.inf)
    for start in range(0, count, at_a_time):
        ours = (some(each, start, start + at_a_time) for each in (posteriors, marginals))
        joint, by_dimension = _add_some(joint, by_dimension, z, *ours)
    return joint - math.log(count), by_dimension - math.log(count)


@functools.partial(tf.function, reduce_retracing=True, autograph=False)
def _add_some(
    joint: tf.Tensor, by_dimension: tf.Tensor, z: tf.Tensor, posteriors: tfd.Distribution, marginals: tfd.Normal
) -> tuple[tf.Tensor, tf.Tensor]:
    """Add the densities of some posteriors to the sums of which `joint` and `by_dimension` are the logarithms."""
    others = z[:, tf.newaxis]
    each = marginals.log_prob(others)
    independent = isinstance(posteriors, tfd.Independent)
    whole = tf.reduce_sum(each, axis=-1) if independent else posteriors.log_prob(others)
    return (
        tfp.math.log_add_exp(joint, tf.reduce_logsumexp(whole, axis=1)),
        tfp.math.log_add_exp(by_dimension, tf.reduce_logsumexp(each, axis=1)),
    )
