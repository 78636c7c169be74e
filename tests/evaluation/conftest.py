import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.vae import VAE

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae_tests")
class Gaussian(Likelihood):
    """Normal pixels of a fixed standard deviation; notes how many pixels each call decodes."""

    def __init__(self, scale=0.6, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale
        self.decoded = []

    def call(self, parameters):
        tf.py_function(lambda size: self.decoded.append(int(size)), [tf.size(parameters)], [])
        return tfd.Independent(tfd.Normal(parameters, self.scale), 3)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


class LinearGaussian:
    """z ~ N(0, 1), x|z ~ N(w z + b, s^2) on 2 x 2 pixels, so that p(x) and p(z|x) are normal and known."""

    w, b, s = np.array([0.8, -0.5, 0.3, 1.1]), np.array([0.2, 0.4, 0.5, 0.1]), 0.6
    precision = 1 + w @ w / s**2

    def images(self, count, seed=0):
        return np.random.default_rng(seed).uniform(size=[count, 2, 2, 1]).astype("float32")

    def log_evidence(self, x):
        covariance = np.outer(self.w, self.w) + self.s**2 * np.eye(4)
        return np.atleast_1d(stats.multivariate_normal.logpdf(x.reshape(len(x), 4), self.b, covariance))

    def model(self, shift=0.0, widen=1.0):
        """A VAE whose posterior has the exact mean plus `shift` and the exact variance times `widen`."""
        encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
        decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4), keras.layers.Reshape((2, 2, 1))])
        to_mean = self.w / self.s**2 / self.precision
        encoder.set_weights(
            [
                np.stack([to_mean, 0 * to_mean], axis=1),
                np.array([shift - to_mean @ self.b, np.log(widen / self.precision)]),
            ]
        )
        decoder.set_weights([self.w[None], self.b])
        return VAE(encoder, decoder, likelihood=Gaussian(self.s))

    def gap(self, shift, widen):
        """KL(q(z|x) || p(z|x)), the same for every x."""
        return 0.5 * (widen - 1 - np.log(widen) + shift**2 * self.precision)


@pytest.fixture(scope="session")
def linear_gaussian():
    return LinearGaussian()


@pytest.fixture
def small_vae():
    """A Bernoulli VAE of one dense layer a side on 2 x 2 gray images, two latent dimensions."""
    keras.utils.set_random_seed(3)
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4), keras.layers.Reshape((2, 2, 1))])
    return VAE(encoder, decoder)
