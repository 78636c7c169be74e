"""The continuous Bernoulli against quadrature and its own closed forms in float64."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from keras_vae.likelihoods.continuous_bernoulli import ContinuousBernoulli, logits_of_mean, mean_of_logits

LOGITS = [-40.0, -5.0, -0.6, -0.01, 0.0, 0.003, 0.4, 2.0, 12.0, 60.0]


def log_density(x, logit):
    """log of logit exp(logit x) / (exp(logit) - 1), one pixel, float64."""
    size = abs(logit)
    constant = -size / 2 if size < 1e-6 else np.log(size) - np.log(-np.expm1(-size)) - size
    return size * (x if logit >= 0 else 1 - x) + (constant if size >= 1e-6 else 0.0)


def log_prob(logits, x):
    return ContinuousBernoulli()(tf.constant(logits, tf.float32)).log_prob(tf.constant(x, tf.float32))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.01, 0.3, 3.0, 30.0]))
def test_log_prob_against_the_closed_form(seed, scale):
    rng = np.random.default_rng(seed)
    logits, x = scale * rng.normal(size=(5, 3, 2, 2, 1)), rng.random((3, 2, 2, 1))
    pixels = np.vectorize(log_density)(np.broadcast_to(x, logits.shape), logits)
    found = log_prob(logits, x)
    assert found.shape == (5, 3)
    np.testing.assert_allclose(found, pixels.sum(axis=(-3, -2, -1)), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("logit", LOGITS)
def test_integrates_to_one(logit):
    x = np.linspace(0, 1, 4001)
    density = np.exp(log_prob(np.full((1, 1, 1), logit), x.reshape(-1, 1, 1, 1)).numpy().astype(float))
    assert integrate.simpson(density, x=x) == pytest.approx(1, abs=1e-4)


def test_mean_against_quadrature_and_back():
    x = np.linspace(0, 1, 20001)
    expected = [integrate.simpson(x * np.exp(log_density(x, logit)), x=x) for logit in LOGITS]
    mean = ContinuousBernoulli()(tf.reshape(tf.constant(LOGITS), [-1, 1, 1, 1])).mean().numpy().ravel()
    np.testing.assert_allclose(mean, expected, atol=1e-6)
    np.testing.assert_allclose(logits_of_mean(tf.constant(expected, tf.float64)), LOGITS, rtol=1e-4, atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1, width=32))
def test_any_mean_has_its_logit(mean):
    logit = logits_of_mean(tf.constant([mean], tf.float32))
    assert np.isfinite(logit.numpy()).all()
    assert float(mean_of_logits(logit)[0]) == pytest.approx(mean, abs=3e-7)


def test_of_mean_is_the_same_distribution():
    rng = np.random.default_rng(0)
    p = ContinuousBernoulli()(tf.constant(4 * rng.normal(size=(6, 4, 4, 1)), tf.float32))
    x = tf.constant(rng.random((6, 4, 4, 1)), tf.float32)
    np.testing.assert_allclose(ContinuousBernoulli().of_mean(p.mean()).log_prob(x), p.log_prob(x), atol=1e-3)


def test_samples_have_the_density():
    logit = 3.0
    samples = ContinuousBernoulli()(tf.fill([1, 1, 1], logit)).sample(3000, seed=1).numpy().ravel()
    assert stats.kstest(samples, lambda x: np.expm1(logit * x) / np.expm1(logit)).pvalue > 1e-3


def test_gradient_against_finite_differences():
    logits = tf.constant([-30.0, -2.0, 0.0, 1e-4, 0.05, 5.0, 80.0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = tf.reduce_sum(log_prob_of_vector(logits, 0.3))
    expected = [
        (log_density(0.3, t + 1e-4) - log_density(0.3, t - 1e-4)) / 2e-4 if abs(t) > 1e-3 else 0.3 - 0.5
        for t in logits.numpy().astype(float)
    ]
    np.testing.assert_allclose(tape.gradient(value, logits), expected, atol=2e-3)


def log_prob_of_vector(logits, x):
    return ContinuousBernoulli()(tf.reshape(logits, [-1, 1, 1, 1])).log_prob(tf.fill([1, 1, 1], x))


def test_is_a_likelihood_of_gray_pixels():
    assert ContinuousBernoulli().is_likelihood_of(tf.constant([0.0, 0.3, 1.0]))
