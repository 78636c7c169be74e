"""What layers add to the loss, such as regularizers, is trained on and logged as Keras logs it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.vae import VAE
from keras_vae.random.noise import TRAINING, VALIDATION, normal

L2, ACTIVITY = 0.7, 0.3


@pytest.fixture
def regularized():
    keras.utils.set_random_seed(3)
    regularizers = {
        "kernel_regularizer": keras.regularizers.L2(L2),
        "activity_regularizer": keras.regularizers.L2(ACTIVITY),
    }
    encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4, **regularizers)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    return VAE(encoder, decoder, seed=2)


def expected(model, x, stream, weight=None):
    """The objective's mean loss, and with it what the layers add to that of the batch, by hand."""
    noise = normal(model.seed, stream, 0, [1, len(x), 2])
    loss = np.average(model.terms(tf.constant(x), None, noise, training=stream == TRAINING).loss, weights=weight)
    kernel, activity = model.encoder.layers[-1].kernel.numpy(), model.encoder(x).numpy()
    return loss, loss + L2 * np.sum(kernel**2) + ACTIVITY * np.sum(activity**2) / len(x)


@pytest.mark.parametrize("how", [{}, {"jit_compile": True}, {"run_eagerly": True}], ids=str)
@pytest.mark.parametrize("weight", [None, np.linspace(0, 3, 20, dtype="float32")], ids=["alike", "weighted"])
def test_fit_and_evaluate_log_them(regularized, digits, how, weight):
    regularized.compile(keras.optimizers.SGD(0.0), **{"jit_compile": False, **how})
    logs = regularized.fit(digits, sample_weight=weight, batch_size=20, shuffle=False, verbose=0).history
    alone, all_ = expected(regularized, digits, TRAINING, weight)
    assert logs["loss"][0] == pytest.approx(all_, rel=1e-5)
    assert logs["reconstruction_loss"][0] + logs["kl_loss"][0] == pytest.approx(alone, rel=1e-5)
    assert all_ > alone + 1
    found = regularized.evaluate(digits, batch_size=20, verbose=0, return_dict=True)
    alone, all_ = expected(regularized, digits, VALIDATION)
    assert found["loss"] == pytest.approx(all_, rel=1e-5)
    assert found["reconstruction_loss"] + found["kl_loss"] == pytest.approx(alone, rel=1e-5)


def test_keras_logs_them_alike(digits):
    """The reference is Keras itself: a mean squared error, and a regularizer beside it."""
    x = digits.reshape(20, 64)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, kernel_regularizer=keras.regularizers.L2(L2))])
    model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=False)
    error = np.mean((model(x).numpy() - x) ** 2)
    regularizer = L2 * np.sum(model.layers[0].kernel.numpy() ** 2)
    logs = model.fit(x, x, batch_size=20, verbose=0).history
    assert logs["loss"][0] == pytest.approx(error + regularizer, rel=1e-5)
    assert model.evaluate(x, x, verbose=0) == pytest.approx(error + regularizer, rel=1e-5)


def test_without_any_the_terms_are_the_same_object(make_networks, digits):
    model = VAE(*make_networks(), seed=2)
    terms = model.terms(tf.constant(digits), None, normal(2, TRAINING, 0, [1, 20, 2]))
    assert terms.plus(model.losses) is terms


def test_a_frozen_model_says_that_nothing_is_trained(make_networks, digits):
    model = VAE(*make_networks(), seed=2)
    model.encoder.trainable = model.decoder.trainable = False
    model.compile("adam", jit_compile=False)
    before = model.get_weights()
    with pytest.warns(UserWarning, match="^the model has no trainable weights: expected some to train; set trainable"):
        model.fit(digits, verbose=0)
    for weight, same in zip(before[:-3], model.get_weights()[:-3], strict=True):
        if weight.dtype == np.float32:
            np.testing.assert_array_equal(weight, same)
