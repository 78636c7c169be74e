"""The RealNVP prior: its Jacobian against automatic differentiation, its start, its inverse."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_vae.priors import RealNVP


@pytest.fixture
def flow():
    prior = RealNVP(3, (8,), seed=1)
    prior.build((5,))
    rng = np.random.default_rng(0)
    for weight in prior.trainable_weights:
        weight.assign_add(0.3 * rng.normal(size=weight.shape))
    return prior


def test_log_prob_against_the_jacobian(flow):
    noise = tf.constant(np.random.default_rng(1).normal(size=(6, 5)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(noise)
        z = flow.reparameterize(flow(), noise)
    jacobian = tape.batch_jacobian(z, noise).numpy().astype(float)
    expected = stats.norm.logpdf(noise).sum(axis=1) - np.log(np.abs(np.linalg.det(jacobian)))
    np.testing.assert_allclose(flow().log_prob(z), expected, rtol=1e-4, atol=1e-4)
    assert np.all(np.any(np.abs(jacobian - np.eye(5)) > 1e-3, axis=(0, 2)))  # every dimension is carried


def test_starts_near_the_standard_normal():
    z, prior = np.random.default_rng(0).normal(size=(20, 4)).astype("float32"), RealNVP()
    prior.build((4,))
    np.testing.assert_allclose(prior().log_prob(z), stats.norm.logpdf(z).sum(axis=1), atol=0.8)


def test_inverts_itself(flow):
    noise = tf.constant(np.random.default_rng(1).normal(size=(6, 5)), tf.float32)
    z = tf.identity(flow.reparameterize(flow(), noise))
    np.testing.assert_allclose(flow().bijector.inverse(z), noise, atol=1e-4)


def test_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="latent_dim is 1"):
        RealNVP().build((1,))
    with pytest.raises(ValueError, match="layers is 1"):
        RealNVP(1)
