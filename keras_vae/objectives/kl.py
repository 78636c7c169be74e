"""KL(q(z|x) || p(z)): in closed form where TFP has one, by Monte Carlo elsewhere."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def kl_divergence(posterior: tfd.Distribution, prior: tfd.Distribution, z: tf.Tensor) -> tf.Tensor:
    """Return KL(posterior || prior) in nats, float32 `[n]`.

    Args:
        posterior: q(z|x), batch shape `[n]`; or `[samples, n]`, that of each sample, if it is autoregressive: the KL of
            each group of latents is that of its distribution given the groups before, as they were sampled.
        prior: p(z).
        z: samples of the posterior, float32 `[samples, n, latent_dim]`; used only where TFP knows no closed form,
            as the mean over samples of log q(z|x) - log p(z), which is unbiased and reparameterised.
    """
    closed = kl_in_closed_form(posterior, prior)
    if closed is None:
        return tf.reduce_mean(posterior.log_prob(z) - prior.log_prob(z), axis=0)
    return _mean_over_samples(closed, 1)


def kl_in_closed_form(posterior: tfd.Distribution, prior: tfd.Distribution) -> tf.Tensor | None:
    """Return KL(posterior || prior) in nats, float32 `[n]`; None where TFP knows no closed form."""
    if isinstance(posterior, tfd.MultivariateNormalTriL) and _has_normal_dimensions(prior):
        normal = prior.distribution  # TFP has the closed form for this class of the same distribution
        prior = tfd.MultivariateNormalDiag(normal.loc, normal.scale)
    try:
        return posterior.kl_divergence(prior)
    except NotImplementedError:
        return None


def factorise(posterior: tfd.Distribution, prior: tfd.Distribution) -> bool:
    """Whether both have independent normal dimensions, so that their KL is a sum over dimensions."""
    return _has_normal_dimensions(posterior) and _has_normal_dimensions(prior)


def kl_per_dimension(posterior: tfd.Independent, prior: tfd.Independent) -> tf.Tensor:
    """Return the KL of each latent dimension in nats, float32 `[n, latent_dim]`, whose sum is the whole.

    Args:
        posterior: q(z|x) with independent dimensions, batch shape `[n]`.
        prior: p(z) with independent dimensions.

    Raises:
        ValueError: dependent dimensions, whose KL is no sum over them.
    """
    if not factorise(posterior, prior):
        raise ValueError(
            f"the KL of {type(posterior).__name__} to {type(prior).__name__} is not a sum over dimensions: expected "
            "independent dimensions in both; use kl_divergence, which gives the whole KL"
        )
    return _mean_over_samples(posterior.distribution.kl_divergence(prior.distribution), 2)


def _mean_over_samples(kl: tf.Tensor, rank: int) -> tf.Tensor:
    return kl if kl.shape.rank == rank else tf.reduce_mean(kl, axis=0)


def _has_normal_dimensions(distribution: tfd.Distribution) -> bool:
    return isinstance(distribution, tfd.Independent) and isinstance(distribution.distribution, tfd.Normal)
