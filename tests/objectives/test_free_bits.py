"""Free bits against the paper's formula in NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_vae.objectives import ELBO, BetaVAE, FreeBits
from keras_vae.posteriors import DiagonalNormal, FullNormal
from keras_vae.priors import GaussianMixture


def full_normal(parameters):
    family = FullNormal()
    family.build((2,))
    return family(tf.constant(parameters, tf.float32))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), free=st.floats(0, 2), weight=st.floats(0, 3))
def test_the_mean_against_the_formula(case, seed, free, weight):
    made = case(seed, latent_dim=3)
    terms = FreeBits(free, weight)(**made.arguments)
    reconstruction = -made.log_likelihood.mean(axis=0)
    expected = reconstruction.mean() + weight * np.maximum(free, made.kl.mean(axis=0)).sum()
    assert float(tf.reduce_mean(terms.loss)) == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(terms.kl, made.kl.sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(terms.reconstruction, reconstruction, rtol=1e-4)


def test_a_dimension_below_its_floor_feels_no_pressure(case):
    made = case()
    parameters = tf.constant([[0.1, 3.0, 0.1, 0.0]] * 4)
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        loss = tf.reduce_mean(FreeBits(0.5)(**{**made.arguments, "q": DiagonalNormal()(parameters)}).loss)
    gradient = tape.gradient(loss, parameters).numpy()
    np.testing.assert_array_equal(gradient[:, [0, 2]], 0)
    assert np.all(gradient[:, 1] != 0)


def test_dependent_dimensions_are_one_group(case):
    made = case()
    arguments = {**made.arguments, "q": full_normal(np.random.default_rng(0).normal(size=(4, 5)))}
    kl = ELBO()(**arguments).kl.numpy()
    for free in (0.01, 50.0):
        terms = FreeBits(free)(**arguments)
        expected = max(2 * free, kl.mean())
        assert float(tf.reduce_mean(terms.loss - terms.reconstruction)) == pytest.approx(expected, rel=1e-5)


def test_beta_vae_is_the_weighted_elbo(case):
    made = case()
    for term, expected in zip(BetaVAE(3)(**made.arguments), ELBO(3)(**made.arguments), strict=True):
        np.testing.assert_array_equal(term, expected)
    assert BetaVAE().get_config() == {"beta": 4.0}


def test_above_its_floor_a_monte_carlo_kl_moves_the_prior_as_in_the_elbo(case):
    made, prior = case(), GaussianMixture(3)
    prior.build((2,))
    q = full_normal([[3.0, -3.0, 0.0, 0.0, 0.5]] * 4)  # far from the prior
    z, gradients = q.mean()[tf.newaxis], []
    for objective in (ELBO(), FreeBits(0.1)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(objective(**{**made.arguments, "z": z, "q": q, "prior": prior()}).loss)
        gradients.append(tape.gradient(loss, [weight.value for weight in prior.trainable_weights]))
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
        assert np.any(one.numpy() != 0)
