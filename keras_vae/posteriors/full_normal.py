"""The full-covariance normal posterior."""

from __future__ import annotations

import functools

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.posteriors.posterior import Posterior

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class FullNormal(Posterior):
    """q(z|x) = N(mean(x), L(x) L(x)^T) with a Cholesky factor L: correlated latents.

    Kingma and Welling 2019, "An introduction to variational autoencoders", section 2.5.1. The encoder returns means,
    then twice the logarithms of L's diagonal, then the entries below the diagonal, row by row. If those are zero, it is
    `DiagonalNormal`.
    """

    parameters_tell_shape = False

    @property
    def parameters_shape(self) -> tuple[int]:
        """`(2 * latent_dim + latent_dim * (latent_dim - 1) / 2,)`."""
        (latent_dim,) = self.event_shape
        return (2 * latent_dim + latent_dim * (latent_dim - 1) // 2,)

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return q(z|x) from float32 `[n, *parameters_shape]`."""
        (latent_dim,) = self.event_shape
        mean, log_square, below = tf.split(parameters, [latent_dim, latent_dim, -1], axis=-1)
        entries = tf.concat([tf.zeros_like(mean[..., :1]), tf.exp(0.5 * log_square), below], axis=-1)
        # One gather sets the triangle, where TFP's own functions take operations that TFLite lacks.
        factor = tf.gather(entries, _places(latent_dim).reshape(-1), axis=-1)
        shape = tf.concat([tf.shape(parameters)[:-1], [latent_dim, latent_dim]], axis=0)
        factor = tf.reshape(factor, shape)
        factor.set_shape([*parameters.shape[:-1], latent_dim, latent_dim])
        return tfd.MultivariateNormalTriL(mean, factor)

    def density_size(self) -> int:
        """Return `latent_dim**2`: TFP repeats the matrix for every latent."""
        return self.event_shape[0] ** 2

    def moments(self, posterior: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation of each dimension, float32 `[n, latent_dim]` each."""
        return posterior.loc, tf.sqrt(tf.reduce_sum(tf.square(_factor(posterior)), axis=-1))

    def reparameterize(self, distribution: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return mean + L noise."""
        return distribution.loc + tf.linalg.matvec(_factor(distribution), noise)


@functools.cache
def _places(latent_dim: int) -> np.ndarray:
    """Where each entry of L stands in (0, diagonal, below): int32 `[latent_dim, latent_dim]`."""
    places = np.zeros([latent_dim, latent_dim], np.int32)
    rows, columns = np.tril_indices(latent_dim, -1)
    places[rows, columns] = 1 + latent_dim + np.arange(len(rows))
    np.fill_diagonal(places, 1 + np.arange(latent_dim))
    return places


def _factor(posterior: tfd.MultivariateNormalTriL) -> tf.Tensor:
    return posterior.parameters["scale_tril"]
