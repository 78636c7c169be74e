"""The KL divergence: closed form, Monte Carlo, and dimension by dimension."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.objectives.kl import kl_divergence, kl_per_dimension
from keras_vae.posteriors import DiagonalNormal
from keras_vae.priors import StandardNormal

tfd = tfp.distributions
PARAMETERS = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")


def closed_form():
    mean, log_variance = PARAMETERS[:, :3], PARAMETERS[:, 3:]
    return 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)


def posterior_and_samples(count):
    family = DiagonalNormal()
    q = family(tf.constant(PARAMETERS))
    noise = np.random.default_rng(1).normal(size=(count, 4, 3)).astype("float32")
    return q, family.reparameterize(q, tf.constant(noise))


def standard_normal():
    prior = StandardNormal()
    prior.build((3,))
    return prior()


def test_closed_form_ignores_the_samples():
    q, z = posterior_and_samples(1)
    kl = kl_divergence(q, standard_normal(), z + 100.0)
    np.testing.assert_allclose(kl.numpy(), closed_form().sum(axis=1), rtol=1e-5)


def test_dimensions_sum_to_the_whole():
    q, _ = posterior_and_samples(1)
    kl = kl_per_dimension(q, standard_normal())
    np.testing.assert_allclose(kl.numpy(), closed_form(), rtol=1e-4, atol=1e-6)


def test_of_a_posterior_for_each_sample_it_is_their_mean():
    q = DiagonalNormal()(tf.constant([PARAMETERS, 2 * PARAMETERS]))
    mean, log_variance = (np.stack([part, 2 * part]) for part in np.split(PARAMETERS, 2, axis=1))
    expected = (0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)).mean(axis=0)
    np.testing.assert_allclose(kl_per_dimension(q, standard_normal()), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        kl_divergence(q, standard_normal(), tf.zeros([2, 4, 3])), expected.sum(axis=1), rtol=1e-5
    )


def test_monte_carlo_where_there_is_no_closed_form():
    q, z = posterior_and_samples(20000)
    # A mixture of one standard normal: the same prior, for which TFP has no closed form.
    prior = tfd.MixtureSameFamily(
        tfd.Categorical(logits=[0.0]), tfd.MultivariateNormalDiag(tf.zeros([1, 3]), tf.ones([1, 3]))
    )
    kl = kl_divergence(q, prior, z).numpy()
    terms = (q.log_prob(z) - prior.log_prob(z)).numpy()
    standard_error = terms.std(axis=0) / np.sqrt(len(terms))
    assert standard_error.max() < 0.05
    assert np.all(np.abs(kl - closed_form().sum(axis=1)) < 4.5 * standard_error)


def test_monte_carlo_is_reparameterised():
    parameters = tf.constant(PARAMETERS)
    noise = tf.constant(np.random.default_rng(1).normal(size=(20000, 4, 3)), tf.float32)
    prior = tfd.MixtureSameFamily(
        tfd.Categorical(logits=[0.0]), tfd.MultivariateNormalDiag(tf.zeros([1, 3]), tf.ones([1, 3]))
    )
    family = DiagonalNormal()
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        q = family(parameters)
        kl = tf.reduce_sum(kl_divergence(q, prior, family.reparameterize(q, noise)))
    mean, log_variance = PARAMETERS[:, :3], PARAMETERS[:, 3:]
    expected = np.concatenate([mean, 0.5 * (np.exp(log_variance) - 1)], axis=1)
    np.testing.assert_allclose(tape.gradient(kl, parameters).numpy(), expected, atol=0.08)
