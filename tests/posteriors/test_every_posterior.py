"""What every posterior must do, whichever is chosen."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae import registry
from keras_vae.networks.build import build_networks
from keras_vae.objectives.kl import kl_divergence
from keras_vae.posteriors import CouplingFlow, TopDown
from keras_vae.priors import GaussianMixture, StandardNormal

rng = np.random.default_rng(0)


@pytest.fixture(params=registry.names("posterior"))
def family(request):
    return registry.get("posterior", request.param)


def build(family, latent_dim):
    """Build it; that of a ladder with one group, whose moments are those of all samples."""
    if isinstance(family, TopDown):
        ladder = {"groups": [(2, latent_dim)], "filters": (4, 4), "features": 3, "blocks": 1}
        family.set_networks(*build_networks("ladder", (4, 4, 1), None, None, 1, **ladder))
        for weight in family.weights:
            weight.assign(rng.normal(0, 0.3, weight.shape))
    family.build((latent_dim,))


@pytest.mark.parametrize("latent_dim", [1, 3])
def test_shapes_and_moments(family, latent_dim):
    if latent_dim == 1 and isinstance(family, CouplingFlow):
        pytest.skip("a coupling needs two dimensions, and says so")
    build(family, latent_dim)
    q = family(tf.constant(rng.normal(size=(5, *family.parameters_shape)), tf.float32))
    z = family.reparameterize(q, tf.constant(rng.normal(size=(4000, 5, latent_dim)), tf.float32))
    assert z.shape == (4000, 5, latent_dim)
    assert q.log_prob(z).shape == (4000, 5)
    mean, stddev = (moment.numpy() for moment in family.moments(q))
    np.testing.assert_allclose(q.mean(), mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(q.stddev(), stddev, rtol=1e-4)
    assert np.all(np.abs(z.numpy().mean(axis=0) - mean) < 4.5 * stddev / np.sqrt(4000))
    np.testing.assert_allclose(z.numpy().std(axis=0), stddev, rtol=0.06)


@pytest.mark.parametrize("prior", [StandardNormal(), GaussianMixture(3)], ids=["closed_form", "monte_carlo"])
def test_every_parameter_gets_a_gradient_the_same_under_xla(family, prior):
    build(family, 3)
    prior.build((3,))
    parameters = tf.constant(rng.normal(size=(5, *family.parameters_shape)), tf.float32)
    noise = tf.constant(rng.normal(size=(2, 5, 3)), tf.float32)

    def value_and_gradient(at):
        with tf.GradientTape() as tape:
            tape.watch(at)
            q = family(at)
            z = family.reparameterize(q, noise)
            value = tf.reduce_sum(kl_divergence(q, prior(), z)) + tf.reduce_sum(tf.square(z))
        return value, tape.gradient(value, at)

    plain, compiled = value_and_gradient(parameters), tf.function(value_and_gradient, jit_compile=True)(parameters)
    for one, other in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    assert np.all(plain[1].numpy() != 0)


def test_infers_samples_and_what_is_decoded_of_them(family):
    if isinstance(family, TopDown):
        pytest.skip("it walks its own decoder: see test_top_down.py")
    build(family, 3)
    parameters = tf.constant(rng.normal(size=(5, *family.parameters_shape)), tf.float32)
    noise = tf.constant(rng.normal(size=(2, 5, 3)), tf.float32)
    q, z, decoded = family.infer(parameters, noise, lambda latents: 2 * latents, lambda latents: latents + 1)
    np.testing.assert_array_equal(z, family.reparameterize(family(parameters), noise) + 1)
    np.testing.assert_array_equal(decoded, 2 * z)
    np.testing.assert_allclose(q.log_prob(z), family(parameters).log_prob(z), rtol=1e-4, atol=1e-4)


def test_is_float32_under_every_policy_and_comes_back_from_its_configuration(family):
    assert type(family)(dtype="bfloat16").compute_dtype == "float32"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(family))
    assert type(again) is type(family)
