"""The Bernoulli likelihood against SciPy and its own definition."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from keras_vae.likelihoods import Bernoulli

IMAGE = (2, 2, 3)
draw = np.random.default_rng(0)


def log_prob(logits, x):
    return Bernoulli()(tf.constant(logits, tf.float32)).log_prob(tf.constant(x, tf.float32)).numpy()


def test_shapes_and_mean():
    logits = draw.normal(size=(5, 4, *IMAGE)).astype("float32")
    p = Bernoulli()(tf.constant(logits))
    assert p.batch_shape == (5, 4)
    assert p.event_shape == IMAGE
    assert p.log_prob(tf.zeros([4, *IMAGE])).dtype == tf.float32
    np.testing.assert_allclose(p.mean().numpy(), expit(logits), rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.1, 1.0, 8.0]), channels=st.integers(1, 4))
def test_binary_pixels_against_scipy(seed, scale, channels):
    rng = np.random.default_rng(seed)
    logits = (scale * rng.normal(size=(3, 2, 2, channels))).astype("float32")
    x = rng.integers(0, 2, logits.shape)
    expected = stats.bernoulli.logpmf(x, expit(logits.astype("float64"))).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(log_prob(logits, x), expected, rtol=1e-4, atol=1e-4)


def test_gray_pixels_are_the_cross_entropy_broadcast_over_samples():
    logits = draw.normal(size=(5, 3, *IMAGE))
    x = draw.random((3, *IMAGE))
    s = expit(logits)
    expected = (x * np.log(s) + (1 - x) * np.log(1 - s)).sum(axis=(-3, -2, -1))
    assert expected.shape == (5, 3)
    np.testing.assert_allclose(log_prob(logits, x), expected, rtol=1e-4)


def test_probabilities_of_all_binary_images_sum_to_one():
    logits = draw.normal(size=(1, 2, 2, 1))
    images = np.array(list(itertools.product([0, 1], repeat=4))).reshape(16, 2, 2, 1)
    assert np.exp(log_prob(logits, images)).sum() == pytest.approx(1, abs=1e-5)


def test_gradient_against_finite_differences():
    logits, x = draw.normal(size=(2, 2, 1)), draw.random((2, 2, 1))
    variable = tf.constant(logits, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = Bernoulli()(variable).log_prob(tf.constant(x, tf.float32))
    gradient = tape.gradient(value, variable).numpy()

    def slow(at):
        return np.sum(x * np.log(expit(at)) + (1 - x) * np.log(1 - expit(at)))

    for pixel in np.ndindex(logits.shape):
        nudge = np.zeros_like(logits)
        nudge[pixel] = 1e-5
        difference = (slow(logits + nudge) - slow(logits - nudge)) / 2e-5
        assert gradient[pixel] == pytest.approx(difference, abs=1e-4)


def test_extreme_logits_stay_finite():
    assert log_prob(np.full((1, 1, 1), 300.0), np.ones((1, 1, 1))) == 0
    assert log_prob(np.full((1, 1, 1), 300.0), np.zeros((1, 1, 1))) == -300


def test_samples_have_the_mean():
    logits = draw.normal(size=(2, 2, 1))
    samples = Bernoulli()(tf.constant(logits, tf.float32)).sample(4000, seed=1).numpy()
    assert set(np.unique(samples)) == {0, 1}
    np.testing.assert_allclose(samples.mean(axis=0), expit(logits), atol=4.5 * 0.5 / np.sqrt(4000))


def test_says_what_it_is_a_likelihood_of():
    assert Bernoulli().is_likelihood_of(tf.constant([0.0, 1.0]))
    assert not Bernoulli().is_likelihood_of(tf.constant([0.0, 0.5]))


def test_is_float32_under_every_policy_and_comes_back_from_its_configuration():
    likelihood = Bernoulli(dtype="bfloat16", name="pixels")
    assert likelihood.compute_dtype == "float32"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert type(again) is Bernoulli
    assert again.name == "pixels"
