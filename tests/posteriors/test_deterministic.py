"""The posterior of an autoencoder: the code itself, whatever the noise."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae.posteriors import Deterministic


def test_every_sample_is_the_code():
    posterior, codes = Deterministic(), tf.constant(np.random.default_rng(0).normal(size=(4, 3)), tf.float32)
    posterior.build((3,))
    assert posterior.parameters_shape == (3,)
    q = posterior(codes)
    assert (q.batch_shape, q.event_shape) == ((4,), (3,))
    z = posterior.reparameterize(q, tf.random.stateless_normal([5, 4, 3], seed=[0, 1]))
    np.testing.assert_array_equal(z, np.broadcast_to(codes, [5, 4, 3]))
    mean, stddev = posterior.moments(q)
    np.testing.assert_array_equal(mean, codes)
    np.testing.assert_array_equal(stddev, tf.zeros([4, 3]))


def test_the_gradient_of_a_sample_is_the_code_s():
    codes, posterior = tf.constant([[0.3, -1.0]]), Deterministic()
    with tf.GradientTape() as tape:
        tape.watch(codes)
        z = posterior.reparameterize(posterior(codes), tf.ones([2, 1, 2]))
        value = tf.reduce_sum(z * [1.0, 3.0])
    np.testing.assert_array_equal(tape.gradient(value, codes), [[2.0, 6.0]])


def test_comes_back_from_its_configuration():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Deterministic()))
    assert type(again) is Deterministic
