"""The Gaussian likelihoods, fixed, learned and optimal, against SciPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import expit

from keras_vae.likelihoods import Gaussian, LearnedGaussian, OptimalGaussian
from keras_vae.likelihoods.gaussian import SMALLEST_VARIANCE
from keras_vae.models.vae import VAE
from keras_vae.random.noise import TRAINING, normal

ALL = [Gaussian, LearnedGaussian, OptimalGaussian]
rng = np.random.default_rng(0)


def again(likelihood):
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), stddev=st.floats(0.01, 3))
def test_log_prob_against_scipy(kind, seed, stddev):
    draw = np.random.default_rng(seed)
    outputs, x = draw.normal(size=(5, 3, 2, 2, 3)), draw.random((3, 2, 2, 3))
    p = kind(stddev)(tf.constant(outputs, tf.float32))
    assert p.batch_shape == (5, 3)
    expected = stats.norm.logpdf(x, expit(outputs), stddev).sum(axis=(-3, -2, -1))
    np.testing.assert_allclose(p.log_prob(tf.constant(x, tf.float32)), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(p.mean(), expit(outputs), rtol=1e-5)


@pytest.mark.parametrize("kind", ALL)
def test_integrates_to_one_and_of_mean_is_the_same(kind):
    p = kind(0.2)(tf.zeros([1, 1, 1]))
    x = np.linspace(-2, 3, 2001).reshape(-1, 1, 1, 1).astype("float32")
    density = np.exp(p.log_prob(x).numpy())
    assert integrate.simpson(density, x=x.ravel()) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(kind(0.2).of_mean(p.mean()).log_prob(x), p.log_prob(x), rtol=1e-6)


@pytest.mark.parametrize("kind", ALL)
def test_samples_have_the_density(kind):
    samples = kind(0.3)(tf.zeros([1, 1, 1])).sample(3000, seed=1).numpy().ravel()
    assert stats.kstest(samples, "norm", (0.5, 0.3)).pvalue > 1e-3


def test_the_learned_scale_reaches_the_error_of_the_pictures():
    likelihood, errors = LearnedGaussian(0.5), 0.07 * rng.normal(size=(1, 200, 4, 4, 1)).astype("float32")
    optimizer = keras.optimizers.Adam(0.05)
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.of_mean(tf.fill([1, 200, 4, 4, 1], 0.5)).log_prob(0.5 + errors))
        weights = likelihood.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
    assert float(likelihood.scale()) == pytest.approx(errors.std(), rel=0.01)
    assert again(likelihood).get_config()["stddev"] == pytest.approx(float(likelihood.scale()), rel=1e-6)


def optimal(outputs, x, weights=None):
    likelihood = OptimalGaussian(0.5)
    p = likelihood(tf.constant(outputs, tf.float32))
    weights = None if weights is None else tf.constant(weights, tf.float32)
    return likelihood, likelihood.fit_to_batch(p, tf.constant(x, tf.float32), weights)


def test_the_optimal_scale_is_the_batch_s_error_and_maximises_its_likelihood():
    outputs, x = rng.normal(size=(2, 8, 3, 3, 1)), rng.random((8, 3, 3, 1))
    _, p = optimal(outputs, x)
    error = np.mean((x - expit(outputs)) ** 2)
    np.testing.assert_allclose(p.stddev(), np.full((2, 8, 3, 3, 1), np.sqrt(error)), rtol=1e-5)
    totals = [
        stats.norm.logpdf(x, expit(outputs), stddev).sum() for stddev in np.sqrt(error) * np.array([0.97, 1.0, 1.03])
    ]
    assert totals[1] == max(totals)
    assert float(tf.reduce_sum(p.log_prob(tf.constant(x, tf.float32)))) == pytest.approx(totals[1], rel=1e-5)


def test_images_count_for_the_optimal_scale_by_their_weights():
    outputs, x = rng.normal(size=(2, 8, 3, 3, 1)), rng.random((8, 3, 3, 1))
    weights = np.array([0, 1, 2, 0, 0.5, 3, 1, 1])
    likelihood, p = optimal(outputs, x, weights)
    errors = np.mean((x - expit(outputs)) ** 2, axis=(0, 2, 3, 4))
    error = np.average(errors, weights=weights)
    assert error != pytest.approx(np.mean(errors), rel=1e-3)
    np.testing.assert_allclose(p.stddev(), np.full((2, 8, 3, 3, 1), np.sqrt(error)), rtol=1e-5)
    assert float(likelihood.scale()) == pytest.approx(np.sqrt(error), rel=1e-5)
    # the scale of largest weighted likelihood
    totals = [
        np.sum(weights[:, None, None, None] * stats.norm.logpdf(x, expit(outputs), np.sqrt(error) * factor))
        for factor in (0.97, 1.0, 1.03)
    ]
    assert totals[1] == max(totals)


def test_the_row_that_pads_an_empty_replica_leaves_the_optimal_scale():
    likelihood, p = optimal(rng.normal(size=(1, 1, 3, 3, 1)), np.zeros([1, 3, 3, 1]), [0])
    np.testing.assert_allclose(p.stddev(), np.full((1, 1, 3, 3, 1), 0.5), rtol=1e-6)
    assert float(likelihood.scale()) == 0.5
    assert float(likelihood.batches) == 0


def test_fit_gives_the_optimal_scale_the_weights_of_samples():
    x, weights = rng.random((6, 8, 8, 1)).astype("float32"), np.array([0, 0, 1, 1, 4, 0], "float32")
    models = [VAE.from_preset("digits_mlp", likelihood="optimal_gaussian", network={"hidden": [4]}) for _ in range(2)]
    models[0].compile("adam", jit_compile=False)
    models[0].fit(x, sample_weight=weights, batch_size=6, shuffle=False, verbose=0)
    noise = normal(0, TRAINING, 0, [1, 6, models[1].latent_dim])
    q = models[1].encode(x)
    means = models[1].decode(q.mean() + q.stddev() * noise[0]).mean().numpy()
    error = np.average(np.mean((x - means) ** 2, axis=(1, 2, 3)), weights=weights)
    assert float(models[0].likelihood.scale()) == pytest.approx(np.sqrt(error), rel=1e-5)


def test_the_optimal_gradient_is_that_of_the_profile_likelihood():
    outputs, x = (
        tf.constant(rng.normal(size=(1, 8, 3, 3, 1)), tf.float32),
        tf.constant(rng.random((8, 3, 3, 1)), tf.float32),
    )
    likelihood = OptimalGaussian()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(outputs)
        p = likelihood.fit_to_batch(likelihood(outputs), x)
        loss = -tf.reduce_sum(p.log_prob(x))
        error = tf.reduce_mean(tf.square(x - tf.sigmoid(outputs)))
        profile = 72 / 2 * tf.math.log(error)
    np.testing.assert_allclose(tape.gradient(loss, outputs), tape.gradient(profile, outputs), rtol=1e-4, atol=1e-5)


def test_the_running_scale_is_the_mean_of_the_batches_and_is_used_outside_training():
    likelihood, errors = OptimalGaussian(), []
    for _ in range(5):
        outputs, x = rng.normal(size=(1, 4, 2, 2, 1)), rng.random((4, 2, 2, 1))
        likelihood.fit_to_batch(likelihood(tf.constant(outputs, tf.float32)), tf.constant(x, tf.float32))
        errors.append(np.mean((x - expit(outputs)) ** 2))
    assert float(likelihood.scale()) == pytest.approx(np.sqrt(np.mean(errors)), rel=1e-5)
    assert again(likelihood).get_config()["stddev"] == pytest.approx(np.sqrt(np.mean(errors)), rel=1e-5)
    assert likelihood.trainable_weights == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_batch_without_a_finite_error_leaves_the_running_scale(bad):
    likelihood = OptimalGaussian(0.5)
    outputs, x = (
        tf.constant(rng.normal(size=(1, 4, 2, 2, 1)), tf.float32),
        tf.constant(rng.random((4, 2, 2, 1)), tf.float32),
    )
    likelihood.fit_to_batch(likelihood(outputs), x)
    before = [weight.numpy() for weight in likelihood.weights]
    likelihood.fit_to_batch(likelihood(outputs), tf.fill(x.shape, np.float32(bad)))
    np.testing.assert_array_equal([weight.numpy() for weight in likelihood.weights], before)
    assert np.isfinite(likelihood.scale())


def test_a_perfect_picture_leaves_a_scale_above_zero():
    _, p = optimal(np.zeros([1, 2, 2, 2, 1]), np.full([2, 2, 2, 1], 0.5))
    assert float(tf.reduce_min(p.stddev())) == pytest.approx(np.sqrt(SMALLEST_VARIANCE), rel=1e-5)


@pytest.mark.parametrize("stddev", [0, -1, float("nan"), float("inf")])
def test_refuses_impossible_scales(stddev):
    with pytest.raises(ValueError, match="stddev is"):
        Gaussian(stddev)
