"""The standard normal prior against SciPy."""

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from keras_vae.priors import StandardNormal


def test_log_prob_against_scipy():
    z = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")
    prior = StandardNormal()
    prior.build((3,))
    p = prior()
    assert p.batch_shape == ()
    assert p.event_shape == (3,)
    np.testing.assert_allclose(p.log_prob(z).numpy(), stats.norm.logpdf(z).sum(axis=-1), rtol=1e-5)


def test_noise_is_already_a_sample():
    noise = tf.constant(np.random.default_rng(0).normal(size=(4, 3)), tf.float32)
    prior = StandardNormal()
    prior.build((3,))
    np.testing.assert_array_equal(prior.reparameterize(prior(), noise).numpy(), noise.numpy())


def test_is_float32_under_every_policy_and_comes_back_from_its_configuration():
    prior = StandardNormal(dtype="bfloat16")
    assert prior.compute_dtype == "float32"
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(prior))
    assert type(again) is StandardNormal
