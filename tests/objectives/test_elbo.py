"""The ELBO against a slow computation in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_vae.likelihoods import Bernoulli
from keras_vae.objectives import ELBO, Objective
from keras_vae.posteriors import DiagonalNormal
from keras_vae.priors import StandardNormal


def slow_terms(x, parameters, logits, kl_weight):
    """One image, one sample, one pixel, one dimension at a time."""
    samples, n = logits.shape[:2]
    latent_dim = parameters.shape[1] // 2
    terms = []
    for i in range(n):
        reconstruction = kl = 0.0
        for sample in range(samples):
            for pixel in np.ndindex(x.shape[1:]):
                s = 1 / (1 + np.exp(-logits[sample, i][pixel]))
                value = x[i][pixel]
                reconstruction -= (value * np.log(s) + (1 - value) * np.log(1 - s)) / samples
        for j in range(latent_dim):
            mean, variance = parameters[i, j], np.exp(parameters[i, latent_dim + j])
            kl += 0.5 * (mean**2 + variance - 1 - np.log(variance))
        terms.append((reconstruction + kl_weight * kl, reconstruction, kl))
    return np.array(terms).T


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    samples=st.integers(1, 3),
    n=st.integers(1, 4),
    kl_weight=st.sampled_from([0, 0.5, 1, 4]),
)
def test_terms_against_slow_numpy(seed, samples, n, kl_weight):
    rng = np.random.default_rng(seed)
    x, parameters = rng.random((n, 2, 3, 1)), rng.normal(size=(n, 4))
    logits, z = rng.normal(size=(samples, n, 2, 3, 1)), rng.normal(size=(samples, n, 2))
    prior = StandardNormal()
    prior.build((2,))
    terms = ELBO(kl_weight)(
        tf.constant(x, tf.float32),
        tf.constant(z, tf.float32),
        DiagonalNormal()(tf.constant(parameters, tf.float32)),
        Bernoulli()(tf.constant(logits, tf.float32)),
        prior(),
    )
    for term, expected in zip(terms, slow_terms(x, parameters, logits, kl_weight), strict=True):
        assert term.shape == (n,)
        np.testing.assert_allclose(term.numpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kl_weight", [-1, float("nan"), float("inf"), "1"])
def test_refuses_impossible_weights(kl_weight):
    with pytest.raises(ValueError, match="kl_weight is"):
        ELBO(kl_weight)


def test_comes_back_from_its_configuration():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ELBO(0.25)))
    assert isinstance(again, Objective)
    assert again.kl_weight == 0.25
