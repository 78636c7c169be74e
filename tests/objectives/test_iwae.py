"""IWAE against NumPy, and its doubly reparameterised gradient against the plain one."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logsumexp

from keras_vae.likelihoods import Bernoulli
from keras_vae.objectives import IWAE
from keras_vae.posteriors import DiagonalNormal, FullNormal
from keras_vae.priors import GaussianMixture, StandardNormal


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), samples=st.integers(1, 6), doubly=st.booleans())
def test_terms_against_numpy(case, seed, samples, doubly):
    made = case(seed, samples)
    terms = IWAE(samples, doubly).at(tf.constant(3))(**made.arguments)
    log_q = stats.norm.logpdf(made.z, made.mean, made.stddev).sum(axis=-1)
    log_weight = made.log_likelihood + stats.norm.logpdf(made.z).sum(axis=-1) - log_q
    np.testing.assert_allclose(terms.loss, np.log(samples) - logsumexp(log_weight, axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(terms.reconstruction, -made.log_likelihood.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(terms.kl, made.kl.sum(axis=1), rtol=1e-4)


X = tf.constant(np.random.default_rng(0).integers(0, 2, (1, 2, 2, 1)), tf.float32)
KERNEL = tf.constant(np.random.default_rng(1).normal(size=(2, 4)), tf.float32)
FAMILIES = {"diagonal": DiagonalNormal(), "full": FullNormal()}


def gradients(doubly, family, prior, spread, draws=3000, samples=8):
    """Gradients of one image's loss, one row a draw: of the posterior's parameters, of the decoder's kernel.

    With a small spread decoder and posterior are near 0, where the posterior is near the true one of N(0, I).
    """
    for each in (family, prior):
        each.build((2,))
    row = spread * np.random.default_rng(2).normal(size=(1, *family.parameters_shape))
    parameters = tf.tile(tf.constant(row, tf.float32), [draws, 1])
    kernel = tf.tile(spread * KERNEL[None], [draws, 1, 1])
    noise = tf.constant(np.random.default_rng(5).normal(size=(samples, draws, 2)), tf.float32)

    @tf.function(jit_compile=True)
    def compute(parameters, kernel):
        with tf.GradientTape() as tape:
            tape.watch([parameters, kernel])
            objective = IWAE(samples, doubly).at(tf.constant(0))
            q = family(parameters)
            z = objective.path(family.reparameterize(q, noise))
            logits = tf.reshape(tf.einsum("snd,ndp->snp", z, kernel), [samples, draws, 2, 2, 1])
            loss = objective(X, z, q, Bernoulli()(logits), prior()).loss
        return tape.gradient(loss, [parameters, kernel])

    of_parameters, of_kernel = compute(parameters, kernel)
    return of_parameters.numpy(), of_kernel.numpy().reshape(draws, -1)


def judge(plain, doubly):
    difference = plain - doubly  # under common noise, so that its own spread judges it
    standard_error = difference.std(axis=0) / np.sqrt(len(difference))
    assert np.all(np.abs(difference.mean(axis=0)) < 4.5 * standard_error)


@pytest.mark.parametrize(
    ("family", "prior"), [("diagonal", StandardNormal()), ("full", StandardNormal()), ("diagonal", GaussianMixture(3))]
)
def test_the_doubly_reparameterised_gradient_has_the_same_mean(family, prior):
    plain, decoder = gradients(False, FAMILIES[family], prior, spread=1.0)
    doubly, same_decoder = gradients(True, FAMILIES[family], prior, spread=1.0)
    np.testing.assert_allclose(same_decoder, decoder, rtol=1e-3, atol=1e-4)
    judge(plain, doubly)
    assert np.all(np.abs(doubly.mean(axis=0)) > 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_near_the_true_posterior_it_has_less_variance(family):
    plain, _ = gradients(False, FAMILIES[family], StandardNormal(), spread=0.15)
    doubly, _ = gradients(True, FAMILIES[family], StandardNormal(), spread=0.15)
    judge(plain, doubly)
    assert np.all(doubly.var(axis=0) < 0.5 * plain.var(axis=0))


def test_without_a_step_the_doubly_reparameterised_value_is_the_same(case):
    made = case(samples=3)
    np.testing.assert_array_equal(IWAE(3, True)(**made.arguments).loss, IWAE(3)(**made.arguments).loss)


def test_steps_do_not_share_their_weights():
    objective = IWAE(3, True)
    first, second = objective.at(tf.constant(0)), objective.at(tf.constant(1))
    assert first._path is not second._path
    assert objective._path is None


@pytest.mark.parametrize("samples", [0, -1, 2.5, True])
def test_refuses_impossible_samples(samples):
    with pytest.raises(ValueError, match="samples is"):
        IWAE(samples)
