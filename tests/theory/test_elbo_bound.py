"""ELBO <= log p(x), with the gap equal to KL(q(z|x) || p(z|x)), where the exact answer is known.

z ~ N(0, 1) in one dimension and x|z ~ N(w z + b, s^2) on four pixels, so that x ~ N(b, w w^T + s^2 I) and p(z|x) is
normal. Everything on the right-hand side is SciPy's; everything on the left the package's.
"""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from keras_vae.objectives.elbo import ELBO
from keras_vae.posteriors.diagonal_normal import DiagonalNormal
from keras_vae.priors.standard_normal import StandardNormal

tfd = tfp.distributions
W, B, S = np.array([0.8, -0.5, 0.3, 1.1]), np.array([0.2, 0.4, 0.5, 0.1]), 0.6
X = np.array([0.9, 0.1, 0.6, 0.3])
# Equally likely quantiles of N(0, 1) stand in for random noise: the mean over them is a quadrature.
NOISE = stats.norm.ppf((np.arange(20001) + 0.5) / 20001).reshape(-1, 1, 1).astype("float32")
PRECISION = 1 + W @ W / S**2
EXACT_MEAN, EXACT_VARIANCE = W @ (X - B) / S**2 / PRECISION, 1 / PRECISION


def log_evidence():
    return stats.multivariate_normal.logpdf(X, B, np.outer(W, W) + S**2 * np.eye(4))


def elbo(mean, variance):
    family, prior = DiagonalNormal(), StandardNormal()
    prior.build((1,))
    q = family(tf.constant([[mean, np.log(variance)]], tf.float32))
    z = family.reparameterize(q, tf.constant(NOISE))
    means = tf.reshape(z * tf.constant(W, tf.float32) + tf.constant(B, tf.float32), [-1, 1, 2, 2, 1])
    likelihood = tfd.Independent(tfd.Normal(means, S), 3)
    x = tf.constant(X.reshape(1, 2, 2, 1), tf.float32)
    return -float(ELBO()(x, z, q, likelihood, prior()).loss[0])


def test_log_evidence_by_quadrature():
    def joint(z):
        return stats.norm.pdf(z) * np.prod(stats.norm.pdf(X, W * z + B, S))

    assert np.log(integrate.quad(joint, -12, 12, epsabs=1e-12)[0]) == pytest.approx(log_evidence(), abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(mean=st.floats(-2, 2), variance=st.floats(0.05, 2))
def test_the_gap_is_the_divergence_from_the_exact_posterior(mean, variance):
    gap = log_evidence() - elbo(mean, variance)
    ratio = variance / EXACT_VARIANCE
    expected = 0.5 * (ratio - 1 - np.log(ratio) + (mean - EXACT_MEAN) ** 2 / EXACT_VARIANCE)
    assert gap >= -2e-3
    assert gap == pytest.approx(expected, abs=5e-3)


def test_the_gap_closes_at_the_exact_posterior_only():
    assert elbo(EXACT_MEAN, EXACT_VARIANCE) == pytest.approx(log_evidence(), abs=1e-3)
    assert elbo(EXACT_MEAN + 0.3, EXACT_VARIANCE) < log_evidence() - 0.05
    assert elbo(EXACT_MEAN, 2 * EXACT_VARIANCE) < log_evidence() - 0.05
