"""The mean of log q(z) - log p(z) over samples of q comes to the closed form as samples grow."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.objectives.kl import kl_divergence
from keras_vae.posteriors.diagonal_normal import DiagonalNormal
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.random.noise import EVALUATION, normal


@pytest.mark.parametrize("latent_dim", [1, 4])
def test_comes_to_the_closed_form(latent_dim):
    parameters = np.random.default_rng(latent_dim).normal(size=(6, 2 * latent_dim)).astype("float32")
    family, standard_normal = DiagonalNormal(), StandardNormal()
    standard_normal.build((latent_dim,))
    q, prior = family(tf.constant(parameters)), standard_normal()
    z = family.reparameterize(q, normal(0, EVALUATION, 0, [40000, 6, latent_dim]))
    terms = (q.log_prob(z) - prior.log_prob(z)).numpy().astype("float64")
    closed = kl_divergence(q, prior, z).numpy()
    mean, log_variance = np.split(parameters, 2, axis=1)
    np.testing.assert_allclose(closed, 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1), rtol=1e-5)
    for count in (400, 40000):
        error = np.abs(terms[:count].mean(axis=0) - closed)
        assert np.all(error < 4.5 * terms.std(axis=0) / np.sqrt(count))
