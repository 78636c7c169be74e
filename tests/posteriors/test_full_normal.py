"""The full-covariance posterior against SciPy."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from keras_vae.objectives.kl import kl_divergence
from keras_vae.posteriors import DiagonalNormal, FullNormal
from keras_vae.priors import StandardNormal


def built(family, latent_dim):
    family.build((latent_dim,))
    return family


def slow_factor(row, latent_dim):
    """The Cholesky factor, one entry at a time."""
    factor, below = np.zeros((latent_dim, latent_dim)), list(row[2 * latent_dim :])
    for i in range(latent_dim):
        factor[i, i] = np.exp(0.5 * row[latent_dim + i])
        for j in range(i):
            factor[i, j] = below.pop(0)
    assert not below
    return factor


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), latent_dim=st.integers(1, 5))
def test_log_prob_moments_and_kl_against_scipy(seed, latent_dim):
    rng, family = np.random.default_rng(seed), built(FullNormal(), latent_dim)
    parameters = rng.normal(size=(4, *family.parameters_shape)).astype("float32")
    z = rng.normal(size=(3, 4, latent_dim)).astype("float32")
    q = family(tf.constant(parameters))
    assert q.batch_shape == (4,)
    assert q.event_shape == (latent_dim,)
    mean, stddev = family.moments(q)
    kl = kl_divergence(q, built(StandardNormal(), latent_dim)(), tf.zeros([1, 4, latent_dim]))
    for image in range(4):
        factor = slow_factor(parameters[image], latent_dim)
        covariance = factor @ factor.T
        expected = stats.multivariate_normal(parameters[image, :latent_dim], covariance)
        found = q.log_prob(z)[:, image]
        np.testing.assert_allclose(found, expected.logpdf(z[:, image]), rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(mean[image], parameters[image, :latent_dim])
        np.testing.assert_allclose(stddev[image], np.sqrt(np.diag(covariance)), rtol=1e-5)
        norm = parameters[image, :latent_dim] @ parameters[image, :latent_dim]
        log_det = parameters[image, latent_dim : 2 * latent_dim].sum()
        assert float(kl[image]) == pytest.approx(
            0.5 * (norm + np.trace(covariance) - latent_dim - log_det), rel=1e-4, abs=1e-4
        )


def test_noise_becomes_a_sample():
    rng, family = np.random.default_rng(0), built(FullNormal(), 3)
    parameters = rng.normal(size=(1, *family.parameters_shape)).astype("float32")
    q = family(tf.constant(parameters))
    noise = rng.normal(size=(20000, 1, 3)).astype("float32")
    z = family.reparameterize(q, tf.constant(noise)).numpy()[:, 0]
    factor = slow_factor(parameters[0], 3)
    np.testing.assert_allclose(z, parameters[0, :3] + noise[:, 0] @ factor.T, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.cov(z.T), factor @ factor.T, atol=0.05 * np.trace(factor @ factor.T))


def test_with_nothing_below_the_diagonal_it_is_the_diagonal_normal():
    parameters = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    z = np.random.default_rng(1).normal(size=(2, 4, 2)).astype("float32")
    full = built(FullNormal(), 2)(tf.constant(np.pad(parameters, ((0, 0), (0, 1)))))
    diagonal = DiagonalNormal()(tf.constant(parameters))
    np.testing.assert_allclose(full.log_prob(z), diagonal.log_prob(z), rtol=1e-4, atol=1e-5)
