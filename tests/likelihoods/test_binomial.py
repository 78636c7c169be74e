"""The binomial likelihood against SciPy and its own definition."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from keras_vae.likelihoods import Bernoulli, Binomial

draw = np.random.default_rng(0)


def distribution(trials, logits):
    return Binomial(trials)(tf.constant(logits, tf.float32))


def log_prob(trials, logits, x):
    return distribution(trials, logits).log_prob(tf.constant(x, tf.float32)).numpy()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), trials=st.sampled_from([1, 2, 16, 255]))
def test_log_prob_against_scipy(seed, trials):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(5, 3, 2, 2, 1))
    counts = rng.integers(0, trials + 1, (3, 2, 2, 1))
    expected = stats.binom.logpmf(counts, trials, expit(logits)).sum(axis=(-3, -2, -1))
    assert expected.shape == (5, 3)
    np.testing.assert_allclose(log_prob(trials, logits, counts / trials), expected, rtol=3e-4, atol=2e-3)


def test_probabilities_of_all_images_sum_to_one():
    images = np.array(list(itertools.product(range(4), repeat=4))).reshape(-1, 2, 2, 1) / 3
    assert np.exp(log_prob(3, draw.normal(size=(1, 2, 2, 1)), images)).sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("trials", [16, 255])
def test_probabilities_of_all_counts_of_a_pixel_sum_to_one(trials):
    counts = (np.arange(trials + 1) / trials).reshape(-1, 1, 1, 1)
    assert np.exp(log_prob(trials, np.full((1, 1, 1), 0.7), counts)).sum() == pytest.approx(1, abs=1e-3)


def test_one_trial_is_the_bernoulli():
    logits, x = draw.normal(size=(3, 2, 2, 1)), draw.integers(0, 2, (3, 2, 2, 1))
    bernoulli = Bernoulli()(tf.constant(logits, tf.float32)).log_prob(tf.constant(x, tf.float32))
    np.testing.assert_allclose(log_prob(1, logits, x), bernoulli.numpy(), rtol=1e-5)


def test_pixels_stored_as_bytes_count_the_same():
    counts = np.arange(17).reshape(-1, 1, 1, 1)
    logits = np.full((1, 1, 1), -0.3)
    as_bytes = np.round(counts / 16 * 255) / 255
    np.testing.assert_array_equal(log_prob(16, logits, as_bytes), log_prob(16, logits, counts / 16))


def test_moments_and_samples_are_pixels():
    logits = draw.normal(size=(2, 2, 1))
    p, s = distribution(16, logits), expit(logits)
    np.testing.assert_allclose(p.mean().numpy(), s, rtol=1e-5)
    np.testing.assert_allclose(p.variance().numpy(), s * (1 - s) / 16, rtol=1e-4)
    np.testing.assert_allclose(p.mode().numpy(), np.floor(17 * s) / 16, atol=1e-6)
    samples = p.sample(2000, seed=1).numpy()
    np.testing.assert_allclose(samples * 16, np.round(samples * 16), atol=1e-5)
    standard_error = np.sqrt(s * (1 - s) / 16 / 2000)
    assert np.all(np.abs(samples.mean(axis=0) - s) < 4.5 * standard_error)


def test_gradient_against_finite_differences():
    logits, counts = draw.normal(size=(2, 2, 1)), draw.integers(0, 17, (2, 2, 1))
    variable = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = Binomial(16)(variable).log_prob(tf.constant(counts / 16, tf.float32))
    gradient = tape.gradient(value, variable).numpy()
    for pixel in np.ndindex(logits.shape):
        above, below = (stats.binom.logpmf(counts[pixel], 16, expit(logits[pixel] + nudge)) for nudge in (1e-5, -1e-5))
        assert gradient[pixel] == pytest.approx((above - below) / 2e-5, abs=2e-3)


def test_extreme_logits_stay_finite():
    assert log_prob(16, np.full((1, 1, 1), -100.0), np.zeros((1, 1, 1))) == pytest.approx(0, abs=1e-4)
    assert log_prob(16, np.full((1, 1, 1), -100.0), np.ones((1, 1, 1))) == pytest.approx(-1600, rel=1e-5)


@pytest.mark.parametrize("trials", [1, 16, 100, 255])
def test_knows_its_own_pixels(trials):
    levels = np.arange(trials + 1) / trials
    assert Binomial(trials).is_likelihood_of(tf.constant(levels, tf.float32))
    assert Binomial(trials).is_likelihood_of(tf.constant(np.round(levels * 255) / 255, tf.float32))


@pytest.mark.parametrize("trials", [1, 16, 100, 255])
def test_knows_that_continuous_pixels_are_not_its_own(trials):
    assert not Binomial(trials).is_likelihood_of(tf.constant(draw.random(1000), tf.float32))


@pytest.mark.parametrize("trials", [0, -1, 2.5, True])
def test_refuses_impossible_trials(trials):
    with pytest.raises(ValueError, match=r"trials is .*at least 1"):
        Binomial(trials)


def test_comes_back_from_its_configuration():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Binomial(255)))
    assert again.trials == 255
