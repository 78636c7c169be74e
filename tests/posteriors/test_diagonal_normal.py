"""The diagonal normal posterior against SciPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from keras_vae.posteriors import DiagonalNormal


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), latent_dim=st.integers(1, 5))
def test_reads_means_then_log_variances(seed, latent_dim):
    rng, posterior = np.random.default_rng(seed), DiagonalNormal()
    posterior.build((latent_dim,))
    parameters = rng.normal(size=(4, *posterior.parameters_shape)).astype("float32")
    z = rng.normal(size=(3, 4, latent_dim)).astype("float32")
    q = posterior(tf.constant(parameters))
    mean, stddev = parameters[:, :latent_dim], np.sqrt(np.exp(parameters[:, latent_dim:]))
    assert q.batch_shape == (4,)
    assert q.event_shape == (latent_dim,)
    np.testing.assert_allclose(
        q.log_prob(z).numpy(), stats.norm.logpdf(z, mean, stddev).sum(axis=-1), rtol=1e-4, atol=1e-4
    )


def test_noise_becomes_a_sample():
    rng = np.random.default_rng(0)
    parameters = tf.constant(rng.normal(size=(1, 4)), tf.float32)
    posterior = DiagonalNormal()
    q = posterior(parameters)
    noise = rng.normal(size=(5000, 1, 2)).astype("float32")
    z = posterior.reparameterize(q, tf.constant(noise)).numpy()
    mean, stddev = parameters[0, :2].numpy(), np.exp(0.5 * parameters[0, 2:].numpy())
    np.testing.assert_allclose(z, mean + stddev * noise, rtol=1e-5, atol=1e-6)
    for column in range(2):
        assert stats.kstest(z[:, 0, column], "norm", (mean[column], stddev[column])).pvalue > 1e-3


def test_a_sample_is_differentiable_in_the_parameters():
    parameters = tf.constant([[0.3, -0.2, 0.5, -1.0]])
    noise = tf.constant([[[1.5, -0.7]]])
    posterior = DiagonalNormal()
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        z = tf.reduce_sum(posterior.reparameterize(posterior(parameters), noise))
    # dz/dmean = 1, dz/dlog_variance = stddev * noise / 2
    expected = [1, 1, 0.75 * np.exp(0.25), -0.35 * np.exp(-0.5)]
    np.testing.assert_allclose(tape.gradient(z, parameters).numpy()[0], expected, rtol=1e-5)


@pytest.mark.parametrize("latent_dim", [1, 7])
def test_needs_two_numbers_a_dimension(latent_dim):
    posterior = DiagonalNormal()
    posterior.build((latent_dim,))
    assert posterior.parameters_shape == (2 * latent_dim,)


def test_is_float32_under_every_policy_and_comes_back_from_its_configuration():
    posterior = DiagonalNormal(dtype="bfloat16")
    assert posterior.compute_dtype == "float32"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(posterior))
    assert type(again) is DiagonalNormal
