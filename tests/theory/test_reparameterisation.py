"""The gradient through the reparameterised sample is the gradient of the expectation."""

import numpy as np
import tensorflow as tf
from scipy import stats
from scipy.special import expit

from keras_vae.likelihoods.bernoulli import Bernoulli
from keras_vae.objectives.elbo import ELBO
from keras_vae.posteriors.diagonal_normal import DiagonalNormal
from keras_vae.priors.standard_normal import StandardNormal

W = np.array([1.5, -0.8, 2.0, 0.4])
X = np.array([1.0, 0.3, 0.0, 0.8])
PARAMETERS = np.array([0.4, -0.7])  # mean and log-variance


def gradient_through_samples(noise):
    parameters = tf.constant(PARAMETERS[None], tf.float32)
    family, prior = DiagonalNormal(), StandardNormal()
    prior.build((1,))
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        q = family(parameters)
        z = family.reparameterize(q, tf.constant(noise, tf.float32))
        logits = tf.reshape(tf.tanh(z) * tf.constant(W, tf.float32), [-1, 1, 2, 2, 1])
        x = tf.constant(X.reshape(1, 2, 2, 1), tf.float32)
        loss = ELBO()(x, z, q, Bernoulli()(logits), prior()).loss
    return tape.gradient(loss, parameters).numpy()[0]


def loss_at(z, mean, log_variance, weights):
    """The negative ELBO in float64, the expectation being a weighted sum over latents z."""
    s = expit(np.tanh(z)[:, None] * W)
    cross_entropy = -(X * np.log(s) + (1 - X) * np.log(1 - s)).sum(axis=1)
    return weights @ cross_entropy + 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)


def finite_differences(loss):
    steps = 1e-5 * np.eye(2)
    return [(loss(*(PARAMETERS + step)) - loss(*(PARAMETERS - step))) / 2e-5 for step in steps]


def test_against_finite_differences_with_the_same_noise():
    noise = np.random.default_rng(0).normal(size=(7, 1, 1))

    def loss(mean, log_variance):
        z = mean + np.exp(0.5 * log_variance) * noise.ravel()
        return loss_at(z, mean, log_variance, np.full(7, 1 / 7))

    np.testing.assert_allclose(gradient_through_samples(noise), finite_differences(loss), rtol=1e-3, atol=1e-4)


def test_against_the_expectation_whose_density_moves():
    # Here the latents stand still and q's density is what depends on the parameters: no reparameterisation at all.
    z = np.linspace(-9, 9, 20001)

    def loss(mean, log_variance):
        density = stats.norm.pdf(z, mean, np.exp(0.5 * log_variance))
        return loss_at(z, mean, log_variance, density * (z[1] - z[0]))

    noise = stats.norm.ppf((np.arange(20001) + 0.5) / 20001).reshape(-1, 1, 1)
    np.testing.assert_allclose(gradient_through_samples(noise), finite_differences(loss), rtol=2e-3, atol=1e-3)
