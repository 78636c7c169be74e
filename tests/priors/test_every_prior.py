"""What every prior must do, whichever is chosen."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_vae.priors.choices import PRIORS
from keras_vae.priors.mixture import Mixture
from keras_vae.priors.prior import Prior
from keras_vae.priors.vamp import VampPrior

SIDE = np.linspace(-14, 14, 561)
GRID = np.stack(np.meshgrid(SIDE, SIDE, indexing="ij"), axis=-1).astype("float32")
INDEX = tf.range(4000)


def test_integrates_to_one_and_drawn_latents_have_the_density(prior):
    density = np.exp(prior.distribution(2).log_prob(GRID).numpy().astype(float)) * (SIDE[1] - SIDE[0]) ** 2
    assert density.sum() == pytest.approx(1, abs=2e-3)
    z = prior.draw(tf.constant(5), INDEX, 2, tf.constant(1.0)).numpy()
    for axis in (0, 1):
        shares = np.cumsum(density.sum(axis=1 - axis))
        assert stats.kstest(z[:, axis], lambda at, s=shares: np.interp(at, SIDE + 0.025, s)).pvalue > 1e-3
    # Their dependence too: the mean of a function of both dimensions.
    values, on_grid = np.tanh(z[:, 0] * z[:, 1]), np.tanh(GRID[..., 0] * GRID[..., 1])
    assert values.mean() == pytest.approx((density * on_grid).sum(), abs=4.5 * values.std() / np.sqrt(len(z)) + 1e-3)


def test_tfp_s_own_samples_have_the_log_density(prior):
    p = prior.distribution(2)
    log_prob = p.log_prob(p.sample(4000, seed=[1, 2])).numpy()
    table = p.log_prob(GRID).numpy().astype(float)
    entropy = -(np.exp(table) * table).sum() * (SIDE[1] - SIDE[0]) ** 2
    assert -log_prob.mean() == pytest.approx(entropy, abs=4.5 * log_prob.std() / np.sqrt(4000) + 2e-3)


def test_shapes(prior):
    p = prior.distribution(2)
    assert p.event_shape == (2,)
    assert p.batch_shape == ()
    assert p.log_prob(tf.zeros([4, 3, 2])).shape == (4, 3)
    assert p.log_prob(tf.zeros([4, 3, 2])).dtype == tf.float32


def test_a_latent_depends_on_seed_and_number_alone(prior):
    z = prior.draw(tf.constant(5), tf.range(8), 2, tf.constant(1.0)).numpy()
    part = prior.draw(tf.constant(5), tf.constant([6, 2]), 2, tf.constant(1.0)).numpy()
    np.testing.assert_allclose(part, z[[6, 2]], rtol=0, atol=0 if prior.bit_exact else 1e-5)
    other = prior.draw(tf.constant(6), tf.range(8), 2, tf.constant(1.0)).numpy()
    assert np.all(np.abs(other - z).max(axis=1) > 1e-6)


def test_no_temperature_no_noise(prior):
    z = prior.draw(tf.constant(5), tf.range(200), 2, tf.constant(0.0)).numpy()
    expected = prior.components(2).means.numpy() if isinstance(prior, Mixture) else z[:1]
    distances = np.abs(z[:, None] - expected).max(axis=-1)
    assert np.all(distances.min(axis=1) < 1e-4)
    assert np.all(distances.min(axis=0) < 1e-4)  # every component is drawn


def test_every_weight_gets_a_gradient_the_same_under_xla(prior, encoder):
    z = tf.constant(np.random.default_rng(0).normal(size=(6, 5, 2)), tf.float32)

    def value_and_gradients():
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = tf.reduce_sum(prior.distribution(2).log_prob(z))
        weights = [weight.value for weight in prior.trainable_weights]
        return value, *tape.gradient(value, [z, *weights, *([encoder.kernel] if isinstance(prior, VampPrior) else [])])

    plain, compiled = value_and_gradients(), tf.function(value_and_gradients, jit_compile=True)()
    for one, other in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
        assert np.any(one.numpy() != 0)


def test_frozen_is_the_same_prior_from_json_alone(prior):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(prior.frozen(2))))
    frozen = keras.saving.deserialize_keras_object(config)
    assert isinstance(frozen, Prior)
    np.testing.assert_allclose(
        frozen.distribution(2).log_prob(GRID[::40, ::40]), prior.distribution(2).log_prob(GRID[::40, ::40]), rtol=1e-5
    )
    seed, index, temperature = tf.constant(-3), tf.range(50), tf.constant(0.7)
    z, again = (one.draw(seed, index, 2, temperature).numpy() for one in (prior, frozen))
    np.testing.assert_array_equal(z, again)


@pytest.mark.parametrize("name", sorted(PRIORS))
def test_comes_back_from_its_configuration_in_float32(name):
    prior = PRIORS[name](dtype="bfloat16")
    assert prior.compute_dtype == "float32"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert type(again) is type(prior)
    assert again.get_config() == prior.get_config()
