"""The distribution of a diagonal normal's samples once a flow has carried them on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions
tfb = tfp.bijectors


class NormalizingFlow(tfd.AutoCompositeTensorDistribution):
    """z = f(loc + scale * noise; context), f invertible: its density by the change of variables, at any z.

    Rezende and Mohamed 2015, "Variational inference with normalizing flows", equation 5:
    log q(z) = log N(f^-1(z); loc, scale^2) - log |det df|.

    Mean and standard deviation have no closed form. They are those of f at fixed points, the rows of a Hadamard
    matrix in place of the noise: points with the moments of N(0, I) up to the second, at the distance
    sqrt(latent_dim) from its mean, where nearly all of its mass is in many dimensions. So they are exact where f is
    affine, and the same in every process and runtime.

    TFP's bijector remembers from which noise it made a sample: the gradient of `log_prob(z)` at a sample goes through
    the noise to the parameters, as an ELBO needs it. For the gradient by z alone take a copy, `tf.identity(z)`.

    Args:
        loc: mean of the normal, float32 `[n, latent_dim]`.
        scale: standard deviation of the normal, likewise, above 0.
        context: what f depends on, float32 `[n, c]`.
        flow: gives f, a TFP bijector of event shape `[latent_dim]`, for a context.
    """

    def __init__(
        self,
        loc: tf.Tensor,
        scale: tf.Tensor,
        context: tf.Tensor,
        flow: Callable[[tf.Tensor], tfb.Bijector],
        name: str = "NormalizingFlow",
    ) -> None:
        parameters = dict(locals())
        self._loc, self._scale, self._context, self._flow = loc, scale, context, flow
        kind = tfd.FULLY_REPARAMETERIZED
        super().__init__(tf.float32, kind, validate_args=False, allow_nan_stats=True, parameters=parameters, name=name)
        # Built here, not where it is first used: what a tf.function builds is no use outside it.
        base = tfd.Independent(tfd.Normal(loc, scale), 1)
        self._carried = tfd.TransformedDistribution(base, flow(context))

    @classmethod
    def _parameter_properties(cls, dtype: tf.DType | None, num_classes: int | None = None) -> dict[str, Any]:
        rows = tfp.util.ParameterProperties(event_ndims=1)
        return {"loc": rows, "scale": rows, "context": rows}

    def _event_shape(self) -> tf.TensorShape:
        return self._loc.shape[-1:]

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self._loc)[-1:]

    def reparameterize(self, noise: tf.Tensor) -> tf.Tensor:
        """Return f(loc + scale * noise), float32 `[..., n, latent_dim]`, from standard normal noise of that shape."""
        return self._carried.bijector.forward(self._loc + self._scale * noise)

    def _sample_n(self, n: tf.Tensor, seed: Any = None) -> tf.Tensor:
        return self._carried.sample(n, seed=seed)

    def _log_prob(self, z: tf.Tensor) -> tf.Tensor:
        batch, axes = self._loc.shape[:-1], z.shape[:-1]
        fits = axes.rank >= batch.rank and all(
            one != 1 or other == 1 for one, other in zip(axes[axes.rank - batch.rank :], batch, strict=True)
        )
        if not fits:  # each latent under every posterior
            shape = tf.broadcast_dynamic_shape(tf.shape(z)[:-1], tf.shape(self._loc)[:-1])
            z = tf.broadcast_to(z, tf.concat([shape, self._event_shape_tensor()], axis=0))
        return self._carried.log_prob(z)

    def moments(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation of each dimension, float32 `[n, latent_dim]` each."""
        points = _design(self._loc.shape[-1])
        points = points.reshape([len(points), *[1] * (self._loc.shape.rank - 1), -1])
        z = self.reparameterize(tf.constant(points))
        mean = tf.reduce_mean(z, axis=0)
        return mean, tf.sqrt(tf.reduce_mean(tf.square(z - mean), axis=0))

    def _mean(self) -> tf.Tensor:
        return self.moments()[0]

    def _stddev(self) -> tf.Tensor:
        return self.moments()[1]


@functools.cache
def _design(dimensions: int) -> np.ndarray:
    """Columns of the smallest Hadamard matrix that has enough beside its first, of ones: float32 `[m, dimensions]`.

    Every column has mean 0 and variance 1, and no two are correlated (Sylvester's construction).
    """
    matrix = np.ones([1, 1], np.float32)
    while len(matrix) <= dimensions:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix[:, 1 : dimensions + 1]
