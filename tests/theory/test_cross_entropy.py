"""Cross-entropy = entropy + KL, and the maximum-likelihood Gaussian as its minimum."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats
from scipy.special import expit, logit

from keras_vae.likelihoods.bernoulli import Bernoulli
from keras_vae.objectives.kl import kl_divergence
from keras_vae.posteriors.diagonal_normal import DiagonalNormal


def bernoulli_cross_entropy(x, s):
    p = Bernoulli()(tf.reshape(tf.constant(logit(s), tf.float32), [1, 1, 1]))
    return -float(p.log_prob(tf.reshape(tf.constant(x, tf.float32), [1, 1, 1])))


@settings(max_examples=25, deadline=None)
@given(x=st.floats(0.01, 0.99), s=st.floats(0.01, 0.99))
def test_of_a_gray_pixel(x, s):
    entropy = stats.bernoulli.entropy(x)
    divergence = stats.entropy([x, 1 - x], [s, 1 - s])
    assert bernoulli_cross_entropy(x, s) == pytest.approx(entropy + divergence, abs=1e-4)
    # Least at s = x, where it is the entropy and not zero: why gray pixels have a floor in nats.
    assert bernoulli_cross_entropy(x, s) >= bernoulli_cross_entropy(x, x) - 1e-4


def test_of_gray_pixels_is_least_at_their_mean():
    pixels = np.random.default_rng(0).random(50)
    logits = tf.Variable(0.0)
    for _ in range(50):
        with tf.GradientTape() as tape:
            p = Bernoulli()(tf.reshape(logits, [1, 1, 1]))
            loss = -tf.reduce_mean(p.log_prob(tf.constant(pixels.reshape(-1, 1, 1, 1), tf.float32)))
        logits.assign_sub(4 * tape.gradient(loss, logits))
    assert expit(float(logits)) == pytest.approx(pixels.mean(), abs=1e-4)


@pytest.mark.parametrize(("mean", "log_variance"), [(0.0, 0.0), (1.0, -0.5), (-0.4, 1.2)])
def test_of_two_gaussians(mean, log_variance):
    family = DiagonalNormal()
    p = stats.norm(0.3, 0.7)
    q = family(tf.constant([[mean, log_variance]], tf.float32))
    same_p = family(tf.constant([[0.3, 2 * np.log(0.7)]], tf.float32))

    def integrand(z):
        return -p.pdf(z) * float(q.log_prob([[z]])[0])

    cross_entropy = integrate.quad(integrand, -5, 5.6, limit=30, epsabs=1e-4)[0]
    kl = float(kl_divergence(same_p, q, z=None)[0])
    assert cross_entropy == pytest.approx(p.entropy() + kl, abs=1e-3)


def test_the_maximum_likelihood_gaussian_is_the_minimum():
    data = np.random.default_rng(0).gamma(2.0, size=(200, 1, 1)).astype("float32")
    family = DiagonalNormal()

    def cross_entropy(parameters):
        parameters = tf.constant(parameters[None], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(parameters)
            loss = -tf.reduce_mean(family(parameters).log_prob(data))
        return float(loss), tape.gradient(loss, parameters).numpy()[0].astype("float64")

    found = optimize.minimize(cross_entropy, np.zeros(2), jac=True)
    np.testing.assert_allclose(found.x, [data.mean(), np.log(data.var())], atol=2e-3)
    # Its value is the Gaussian's own entropy, whatever the data's distribution.
    assert found.fun == pytest.approx(stats.norm.entropy(scale=data.std()), abs=1e-3)
