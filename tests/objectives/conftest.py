from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.likelihoods import Bernoulli
from keras_vae.posteriors import DiagonalNormal
from keras_vae.priors import StandardNormal


@pytest.fixture
def case():
    """Makes what an objective takes, at random, and the same in float64: log-densities and moments."""

    def make(seed=0, samples=2, n=4, latent_dim=2):
        rng = np.random.default_rng(seed)
        x, logits = rng.random((n, 2, 3, 1)), rng.normal(size=(samples, n, 2, 3, 1))
        parameters = rng.normal(size=(n, 2 * latent_dim))
        mean, stddev = parameters[:, :latent_dim], np.exp(0.5 * parameters[:, latent_dim:])
        z = mean + stddev * rng.normal(size=(samples, n, latent_dim))
        prior = StandardNormal()
        prior.build((latent_dim,))
        arguments = {
            "x": tf.constant(x, tf.float32),
            "z": tf.constant(z, tf.float32),
            "q": DiagonalNormal()(tf.constant(parameters, tf.float32)),
            "p": Bernoulli()(tf.constant(logits, tf.float32)),
            "prior": prior(),
        }
        s = 1 / (1 + np.exp(-logits))
        log_likelihood = (x * np.log(s) + (1 - x) * np.log(1 - s)).sum(axis=(-3, -2, -1))
        kl = 0.5 * (mean**2 + stddev**2 - 1 - 2 * np.log(stddev))
        return SimpleNamespace(
            arguments=arguments, log_likelihood=log_likelihood, kl=kl, z=z, mean=mean, stddev=stddev, x=x
        )

    return make
