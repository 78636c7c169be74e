"""Densities by operators that every format has, and has right: TFP's own take matrix solvers and float64."""

from __future__ import annotations

import copy

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.distributions.log_exp import log1mexp, softplus
from keras_vae.likelihoods.continuous_bernoulli import PixelContinuousBernoulli
from keras_vae.priors.mixture import DiagonalMixture

tfd = tfp.distributions
_LOG_2_PI = float(np.log(2 * np.pi))


def by_few_operators(distribution: tfd.Distribution) -> tfd.Distribution:
    """Return the same distribution, its density by other operators where TFP's are few runtimes' own."""
    if isinstance(distribution, DiagonalMixture):
        return _Mixture.of(distribution)
    if isinstance(distribution, tfd.MultivariateNormalTriL):
        return CorrelatedNormal(distribution.loc, distribution.parameters["scale_tril"])
    if isinstance(distribution, tfd.Independent):
        one, axes = distribution.distribution, distribution.parameters["reinterpreted_batch_ndims"]
        other = by_few_operators(one)
        return distribution if other is one else tfd.Independent(other, axes)
    if isinstance(distribution, PixelContinuousBernoulli):
        return _ContinuousBernoulli(distribution.logits)
    if hasattr(distribution, "softplus"):
        distribution = copy.copy(distribution)
        distribution.softplus, distribution.log1mexp = softplus, log1mexp
    return distribution


class _Mixture(DiagonalMixture):
    """A mixture whose density is in float32, by differences from each component: nothing large is subtracted."""

    @classmethod
    def of(cls, mixture: DiagonalMixture) -> _Mixture:
        return cls(mixture.mixture_distribution, mixture.components_distribution)

    def _log_prob(self, z: tf.Tensor) -> tf.Tensor:
        normals = self.components_distribution
        stddevs = normals.parameters["scale_diag"]
        distance = tf.square((z[..., tf.newaxis, :] - normals.loc) / stddevs)
        constant = (
            tf.nn.log_softmax(self.mixture_distribution.logits)
            - tf.reduce_sum(tf.math.log(stddevs), axis=-1)
            - 0.5 * _LOG_2_PI * stddevs.shape[-1]
        )
        return tf.reduce_logsumexp(constant - 0.5 * tf.reduce_sum(distance, axis=-1), axis=-1)


class _ContinuousBernoulli(PixelContinuousBernoulli):
    """log p(x) = x l + log(l / (exp(l) - 1)), l the logit, by what neither overflows nor cancels."""

    def _log_prob(self, pixels: tf.Tensor) -> tf.Tensor:
        size = tf.maximum(tf.abs(self.logits), 1e-20)
        return pixels * self.logits - tf.nn.relu(self.logits) + tf.math.log(size) - log1mexp(size)


class CorrelatedNormal(tfd.Distribution):
    """N(loc, L L^T), its density by forward substitution, one dimension after the other.

    Args:
        loc: float32 `[n, d]`.
        factor: L, lower triangular, float32 `[n, d, d]`.
    """

    def __init__(self, loc: tf.Tensor, factor: tf.Tensor, name: str = "CorrelatedNormal") -> None:
        parameters = dict(locals())
        self.loc, self.factor = loc, factor
        kind = tfd.FULLY_REPARAMETERIZED
        super().__init__(tf.float32, kind, validate_args=False, allow_nan_stats=True, parameters=parameters, name=name)

    def _event_shape(self) -> tf.TensorShape:
        return self.loc.shape[-1:]

    def _batch_shape(self) -> tf.TensorShape:
        return self.loc.shape[:-1]

    def log_scale(self) -> tf.Tensor:
        """Return log |det L|, float32 `[n]`."""
        return tf.add_n([tf.math.log(self.factor[..., i, i]) for i in range(self.loc.shape[-1])])

    def _log_prob(self, z: tf.Tensor) -> tf.Tensor:
        difference, solved = z - self.loc, []
        for i in range(self.loc.shape[-1]):
            known = sum((self.factor[..., i, j] * solved[j] for j in range(i)), start=tf.zeros([]))
            solved.append((difference[..., i] - known) / self.factor[..., i, i])
        squares = tf.add_n([tf.square(each) for each in solved])
        return -0.5 * squares - self.log_scale() - 0.5 * _LOG_2_PI * self.loc.shape[-1]


@tfd.RegisterKL(CorrelatedNormal, tfd.Independent)
def _kl(a: CorrelatedNormal, b: tfd.Independent, name: str | None = None) -> tf.Tensor:
    if not isinstance(b.distribution, tfd.Normal):
        raise NotImplementedError(f"no closed form of the KL to {type(b.distribution).__name__}")
    loc, scale = b.distribution.loc, b.distribution.scale
    spread = tf.reduce_sum(tf.square(a.factor / scale[..., tf.newaxis]), axis=[-2, -1])
    apart = tf.reduce_sum(tf.square((a.loc - loc) / scale), axis=-1)
    return tf.reduce_sum(tf.math.log(scale)) - a.log_scale() + 0.5 * (spread + apart - a.loc.shape[-1])
