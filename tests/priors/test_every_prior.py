"""What every prior must do, whichever is chosen."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from keras_vae import registry
from keras_vae.priors import Prior, VampPrior
from keras_vae.priors.mixture import Mixture

SIDE = np.linspace(-14, 14, 561)
GRID = np.stack(np.meshgrid(SIDE, SIDE, indexing="ij"), axis=-1).astype("float32")
INDEX = tf.range(4000)


def test_integrates_to_one_and_drawn_latents_have_the_density(prior):
    density = np.exp(prior().log_prob(GRID).numpy().astype(float)) * (SIDE[1] - SIDE[0]) ** 2
    assert density.sum() == pytest.approx(1, abs=2e-3)
    z = prior.sample_latents(tf.constant(5), INDEX, tf.constant(1.0)).numpy()
    for axis in (0, 1):
        shares = np.cumsum(density.sum(axis=1 - axis))
        assert stats.kstest(z[:, axis], lambda at, s=shares: np.interp(at, SIDE + 0.025, s)).pvalue > 1e-3
    # Their dependence too: the mean of a function of both dimensions.
    values, on_grid = np.tanh(z[:, 0] * z[:, 1]), np.tanh(GRID[..., 0] * GRID[..., 1])
    assert values.mean() == pytest.approx((density * on_grid).sum(), abs=4.5 * values.std() / np.sqrt(len(z)) + 1e-3)


def test_tfp_s_own_samples_have_the_log_density(prior):
    p = prior()
    log_prob = p.log_prob(p.sample(4000, seed=[1, 2])).numpy()
    table = p.log_prob(GRID).numpy().astype(float)
    entropy = -(np.exp(table) * table).sum() * (SIDE[1] - SIDE[0]) ** 2
    assert -log_prob.mean() == pytest.approx(entropy, abs=4.5 * log_prob.std() / np.sqrt(4000) + 2e-3)


def test_shapes(prior):
    p = prior()
    assert p.event_shape == (2,)
    assert p.batch_shape == ()
    assert p.log_prob(tf.zeros([4, 3, 2])).shape == (4, 3)
    assert p.log_prob(tf.zeros([4, 3, 2])).dtype == tf.float32


def test_a_latent_depends_on_seed_and_number_alone(prior):
    z = prior.sample_latents(tf.constant(5), tf.range(8), tf.constant(1.0)).numpy()
    part = prior.sample_latents(tf.constant(5), tf.constant([6, 2]), tf.constant(1.0)).numpy()
    np.testing.assert_allclose(part, z[[6, 2]], rtol=0, atol=0 if prior.bit_exact else 1e-5)
    other = prior.sample_latents(tf.constant(6), tf.range(8), tf.constant(1.0)).numpy()
    assert np.all(np.abs(other - z).max(axis=1) > 1e-6)


def test_no_temperature_no_noise(prior):
    z = prior.sample_latents(tf.constant(5), tf.range(200), tf.constant(0.0)).numpy()
    expected = prior.components().means.numpy() if isinstance(prior, Mixture) else z[:1]
    distances = np.abs(z[:, None] - expected).max(axis=-1)
    assert np.all(distances.min(axis=1) < 1e-4)
    assert np.all(distances.min(axis=0) < 1e-4)  # every component is drawn


def test_every_weight_gets_a_gradient_the_same_under_xla(prior, encoder):
    z = tf.constant(np.random.default_rng(0).normal(size=(6, 5, 2)), tf.float32)

    def value_and_gradients():
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = tf.reduce_sum(prior().log_prob(z))
        weights = [weight.value for weight in prior.trainable_weights]
        return value, *tape.gradient(value, [z, *weights, *([encoder.kernel] if isinstance(prior, VampPrior) else [])])

    plain, compiled = value_and_gradients(), tf.function(value_and_gradients, jit_compile=True)()
    for one, other in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
        assert np.any(one.numpy() != 0)


def test_a_snapshot_is_the_same_prior_from_json_alone(prior):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(prior.snapshot())))
    snapshot = keras.saving.deserialize_keras_object(config)
    assert isinstance(snapshot, Prior)
    snapshot.build((2,))
    np.testing.assert_allclose(snapshot().log_prob(GRID[::40, ::40]), prior().log_prob(GRID[::40, ::40]), rtol=1e-5)
    seed, index, temperature = tf.constant(-3), tf.range(50), tf.constant(0.7)
    z, again = (one.sample_latents(seed, index, temperature).numpy() for one in (prior, snapshot))
    np.testing.assert_array_equal(z, again)


@pytest.mark.parametrize("name", registry.names("prior"))
def test_comes_back_from_its_configuration_in_float32(name):
    prior = registry.load("prior", name)(dtype="bfloat16")
    assert prior.compute_dtype == "float32"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert type(again) is type(prior)
    assert again.get_config() == prior.get_config()
