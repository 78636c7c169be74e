"""What every likelihood must do, whichever is chosen."""

import json
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae import registry
from keras_vae.likelihoods import Bernoulli, Likelihood

rng = np.random.default_rng(0)
X = tf.constant(rng.integers(0, 2, (3, 4, 4, 3)), tf.float32)  # pixels that every likelihood knows


@pytest.fixture(params=registry.names("likelihood"))
def likelihood(request):
    return registry.get("likelihood", request.param)


def outputs(likelihood, *batch):
    likelihood.build((4, 4, 3))
    return tf.constant(rng.normal(size=(*batch, *likelihood.parameters_shape)), tf.float32)


def test_gives_images_in_nats(likelihood):
    p = likelihood(outputs(likelihood, 2, 3))
    assert p.batch_shape == (2, 3)
    assert p.event_shape == (4, 4, 3)
    log_prob, mean = p.log_prob(X), p.mean().numpy()
    assert log_prob.shape == (2, 3)
    assert log_prob.dtype == tf.float32
    assert mean.shape == (2, 3, 4, 4, 3)
    assert mean.min() >= 0
    assert mean.max() <= 1
    assert p.sample(seed=1).shape == (2, 3, 4, 4, 3)


def test_knows_its_own_pixels_inside_a_graph_too(likelihood):
    for knows in (likelihood.is_likelihood_of, tf.function(likelihood.is_likelihood_of, jit_compile=True)):
        assert knows(X).dtype == tf.bool
        assert bool(knows(X))


def test_every_parameter_gets_a_gradient_the_same_under_xla(likelihood):
    at = outputs(likelihood, 2, 3)

    def value_and_gradients(at):
        with tf.GradientTape() as tape:
            tape.watch(at)
            value = tf.reduce_sum(likelihood(at).log_prob(X))
        return value, *tape.gradient(value, [at, *(weight.value for weight in likelihood.trainable_weights)])

    plain, compiled = value_and_gradients(at), tf.function(value_and_gradients, jit_compile=True)(at)
    for one, other in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=1e-4)
    for gradient in plain[1:]:
        assert np.isfinite(gradient.numpy()).all()
        assert np.any(gradient.numpy() != 0)


def test_comes_back_from_json_and_is_float32_under_every_policy(likelihood):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(likelihood)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(likelihood)
    assert again.get_config() == likelihood.get_config()
    assert type(likelihood)(dtype="bfloat16").compute_dtype == "float32"
    at = outputs(likelihood, 3)
    np.testing.assert_array_equal(again(at).log_prob(X), likelihood(at).log_prob(X))


def test_what_a_mean_alone_says(likelihood):
    p = likelihood(outputs(likelihood, 3))
    if likelihood.parameters_per_value > 1:
        with pytest.raises(ValueError, match="mean"):
            likelihood.of_mean(p.mean())
    else:
        np.testing.assert_allclose(likelihood.of_mean(p.mean()).log_prob(X), p.log_prob(X), rtol=1e-4, atol=1e-3)


def test_fitted_to_a_batch_it_is_a_likelihood_of_the_same_mean(likelihood):
    p = likelihood(outputs(likelihood, 2, 3))
    trained = likelihood.fit_to_batch(p, X)
    np.testing.assert_array_equal(trained.mean(), p.mean())
    assert trained.log_prob(X).shape == (2, 3)


def test_warns_of_a_cross_entropy_once():
    likelihood = Bernoulli()
    with pytest.warns(UserWarning, match="Bernoulli is not a likelihood of these pixels.*continuous_bernoulli"):
        likelihood.warn_of_cross_entropy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        likelihood.warn_of_cross_entropy()


def test_all_are_of_the_family():
    assert all(issubclass(registry.load("likelihood", name), Likelihood) for name in registry.names("likelihood"))
