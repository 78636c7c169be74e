"""The beta-TC-VAE against the appendix's estimator written out in NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from keras_vae.objectives.beta_tc_vae import BetaTCVAE, stratified_log_weights
from keras_vae.posteriors import DiagonalNormal, FullNormal


def slow_parts(made, dataset_size):
    """Mutual information, total correlation and dimension-wise KL of each sample, one density at a time."""
    samples, n = made.z.shape[:2]
    rest, size = n - 1, dataset_size
    parts = np.zeros((3, samples, n))
    for sample, i in np.ndindex(samples, n):
        density = stats.norm.pdf(made.z[sample, i], made.mean, made.stddev)  # [image, dimension]
        weight = np.full(n, 1 / rest)
        weight[i], weight[(i + 1) % n] = 1 / size, (size - rest) / (size * rest)
        log_joint = np.log((weight * density.prod(axis=1)).sum())
        log_product = np.log(weight @ density).sum()
        log_own, log_prior = np.log(density[i]).sum(), stats.norm.logpdf(made.z[sample, i]).sum()
        parts[:, sample, i] = log_own - log_joint, log_joint - log_product, log_product - log_prior
    return parts


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), n=st.integers(2, 6), extra=st.integers(0, 1000), beta=st.floats(0, 8))
def test_terms_against_numpy(case, seed, n, extra, beta):
    made = case(seed, n=n, latent_dim=3)
    terms = BetaTCVAE(beta, 0.5, 2.0, dataset_size=n + extra)(**made.arguments)
    parts = slow_parts(made, n + extra).mean(axis=1)
    expected = -made.log_likelihood.mean(axis=0) + 0.5 * parts[0] + beta * parts[1] + 2.0 * parts[2]
    np.testing.assert_allclose(terms.loss, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(terms.kl, made.kl.sum(axis=1), rtol=1e-4)


@pytest.mark.parametrize("n", [1, 4])
def test_with_all_weights_one_it_is_the_elbo_by_monte_carlo(case, n):
    made = case(n=n)
    log_q = stats.norm.logpdf(made.z, made.mean, made.stddev).sum(axis=-1)
    expected = -(made.log_likelihood + stats.norm.logpdf(made.z).sum(axis=-1) - log_q).mean(axis=0)
    np.testing.assert_allclose(BetaTCVAE(1)(**made.arguments).loss, expected, rtol=1e-4)


@pytest.mark.parametrize(("n", "size"), [(1, 10), (2, 10), (5, 5), (5, 3), (7, 60000)])
def test_weights_sum_to_one(n, size):
    weights = np.exp(stratified_log_weights(tf.constant(n), size).numpy().astype(float))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-5)  # every image judges as much as it is judged
    assert weights.min() >= 0
    if n > 1:
        np.testing.assert_allclose(np.diag(weights), 1 / max(size, n), rtol=1e-5)


def test_the_estimate_of_q_is_unbiased_over_batches():
    rng = np.random.default_rng(0)
    means, stddevs, own, z = rng.normal(size=12), 0.5 + rng.random(12), 3, 0.4
    whole = stats.norm.pdf(z, means, stddevs).mean()
    others, weights = np.delete(np.arange(12), own), np.exp(stratified_log_weights(tf.constant(5), 12).numpy()[0])
    estimates = [
        weights @ stats.norm.pdf(z, means[batch], stddevs[batch])
        for batch in (np.append(own, rng.choice(others, 4, replace=False)) for _ in range(4000))
    ]
    assert np.mean(estimates) == pytest.approx(whole, abs=4.5 * np.std(estimates) / np.sqrt(4000))


def test_a_full_posterior_has_the_marginals_of_its_moments(case):
    made = case()
    below = np.zeros((4, 1), "float32")
    parameters = np.concatenate([made.mean, 2 * np.log(made.stddev), below], axis=1).astype("float32")
    family = FullNormal()
    family.build((2,))
    full, diagonal = family(tf.constant(parameters)), DiagonalNormal()(tf.constant(parameters[:, :4]))
    losses = [BetaTCVAE()(**{**made.arguments, "q": each}).loss for each in (full, diagonal)]
    np.testing.assert_allclose(*losses, rtol=1e-4)


@pytest.mark.parametrize("arguments", [{"beta": -1}, {"alpha": float("nan")}, {"gamma": -2}, {"dataset_size": 0}])
def test_refuses_impossible_numbers(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} is"):
        BetaTCVAE(**arguments)
