"""InfoVAE and its discrepancy, pair by pair in NumPy and against the closed form for normals."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_vae.objectives import ELBO
from keras_vae.objectives.info_vae import PRIOR_SAMPLES, InfoVAE, discrepancy


def slow_discrepancy(z, other):
    def kernel(a, b):
        return np.mean([[np.exp(-((u - v) ** 2).sum() / (2 * len(u))) for v in b] for u in a])

    return kernel(z, z) + kernel(other, other) - 2 * kernel(z, other)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), samples=st.integers(1, 3), n=st.integers(1, 4), m=st.integers(1, 6))
def test_the_parts_average_to_the_discrepancy(seed, samples, n, m):
    rng = np.random.default_rng(seed)
    z, other = rng.normal(size=(samples, n, 3)), 2 + rng.normal(size=(m, 3))
    parts = discrepancy(tf.constant(z, tf.float32), tf.constant(other, tf.float32))
    assert parts.shape == (n,)
    assert float(tf.reduce_mean(parts)) == pytest.approx(slow_discrepancy(z.reshape(-1, 3), other), abs=1e-5)


def test_against_the_closed_form_for_normals():
    # E exp(-(a - b)^2 / (2 h)) over a - b from N(m, v) is sqrt(h / (h + v)) exp(-m^2 / (2 (h + v))); here h = 1.
    rng, count = np.random.default_rng(0), 1500
    z, other = rng.normal(1.5, 0.5, (1, count, 1)), rng.normal(size=(count, 1))

    def expected(mean, variance):
        return np.sqrt(1 / (1 + variance)) * np.exp(-(mean**2) / (2 * (1 + variance)))

    exact = expected(0, 0.5) + expected(0, 2) - 2 * expected(1.5, 1.25)
    found = tf.reduce_mean(discrepancy(tf.constant(z, tf.float32), tf.constant(other, tf.float32)))
    assert float(found) == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize(("batch", "nats"), [(128, 7.2), (512, 3.6)])
def test_what_equal_distributions_cost(batch, nats):
    """The figures of the docstring, and the form that they come from."""
    rng, dimensions = np.random.default_rng(0), 20
    draws = (rng.normal(size=(1, batch, dimensions)).astype("float32") for _ in range(40))
    found = [
        1000 * float(tf.reduce_mean(discrepancy(z, rng.normal(size=(PRIOR_SAMPLES, dimensions)).astype("float32"))))
        for z in draws
    ]
    form = 1000 * (1 / batch + 1 / PRIOR_SAMPLES) * (1 - (1 + 2 / dimensions) ** (-dimensions / 2))
    assert form == pytest.approx(nats, abs=0.05)
    assert np.mean(found) == pytest.approx(form, abs=4 * np.std(found, ddof=1) / np.sqrt(len(found)))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**4), alpha=st.sampled_from([-1.0, 0.0, 0.5, 1.0]), scale=st.sampled_from([2.0, 100.0]))
def test_terms_against_numpy(case, seed, alpha, scale):
    made = case(seed)
    terms = InfoVAE(alpha, scale, seed=3).at(tf.constant(8))(**made.arguments)
    other = made.arguments["prior"].sample(PRIOR_SAMPLES, seed=[3, 8]).numpy()
    mmd = slow_discrepancy(made.z.reshape(-1, 2), other[:, :])
    expected = (-made.log_likelihood.mean(axis=0) + (1 - alpha) * made.kl.sum(axis=1)).mean()
    assert float(tf.reduce_mean(terms.loss)) == pytest.approx(expected + (alpha + scale - 1) * mmd, rel=1e-4, abs=1e-3)
    for term, same in zip(terms[1:], ELBO()(**made.arguments)[1:], strict=True):
        np.testing.assert_array_equal(term, same)


def test_each_step_has_its_own_samples_of_the_prior(case):
    made = case()
    first, again, other = (InfoVAE().at(tf.constant(step))(**made.arguments).loss.numpy() for step in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.all(first != other)


@pytest.mark.parametrize("arguments", [{"alpha": 1.5}, {"scale": 0.5}, {"scale": float("inf")}])
def test_refuses_impossible_numbers(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} is"):
        InfoVAE(**arguments)
