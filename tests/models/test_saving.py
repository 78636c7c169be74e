"""A `.keras` file restores everything: a training goes on as if it had never stopped."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.objectives.elbo import ELBO

tfd = tfp.distributions


@pytest.fixture
def train(digits):
    return tf.data.Dataset.from_tensor_slices(digits).batch(8)  # three steps, the last of four images


@pytest.mark.parametrize(
    ("model_class", "optimizer"),
    [pytest.param(VAE, "adam", marks=pytest.mark.compiled), (VAE, "sgd_with_schedule"), (Autoencoder, "adam")],
)
def test_continues_bit_for_bit(tmp_path, train, weights_of, model_class, optimizer):
    def make():
        model = model_class.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, seed=5)
        rate = keras.optimizers.schedules.ExponentialDecay(1e-3, 2, 0.9)
        model.compile("adam" if optimizer == "adam" else keras.optimizers.SGD(rate, momentum=0.9))
        return model

    uninterrupted = make()
    uninterrupted.fit(train, epochs=4, validation_data=train, verbose=0)

    stopped = make()
    stopped.fit(train, epochs=2, validation_data=train, verbose=0)
    stopped.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is model_class
    assert int(loaded.step) == int(loaded.optimizer.iterations) == 6
    for before, after in zip(weights_of(stopped), weights_of(loaded), strict=True):
        np.testing.assert_array_equal(after, before)
    for before, after in zip(stopped.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(after.numpy(), before.numpy(), err_msg=before.path)

    loaded.fit(train, epochs=4, initial_epoch=2, validation_data=train, verbose=0)
    for before, after in zip(weights_of(uninterrupted), weights_of(loaded), strict=True):
        np.testing.assert_array_equal(after, before)
    assert loaded.evaluate(train, verbose=0) == uninterrupted.evaluate(train, verbose=0)


def test_keeps_every_argument(tmp_path, make_vae):
    model = make_vae(objective=ELBO(0.5), likelihood="binomial", seed=11)
    model.save(tmp_path / "model.keras")  # never compiled
    loaded = keras.models.load_model(tmp_path / "model.keras")
    networks = ("encoder", "decoder")  # Keras adds to their configurations how they were built
    kept, given = ({k: v for k, v in m.get_config().items() if k not in networks} for m in (loaded, model))
    assert kept == given
    for network in networks:
        layers, expected = (getattr(m, network).layers for m in (loaded, model))
        assert [layer.get_config() for layer in layers] == [layer.get_config() for layer in expected]
    assert loaded.objective.kl_weight == 0.5
    assert loaded.likelihood.trials == 16
    assert (loaded.seed, loaded.image_shape, loaded.latent_dim) == (11, (8, 8, 1), 2)
    np.testing.assert_array_equal(loaded.generate(3, seed=1), model.generate(3, seed=1))


def test_keeps_how_it_was_compiled(tmp_path, make_vae):
    model = make_vae()
    model.compile(keras.optimizers.Adam(0.02), jit_compile=False, steps_per_execution=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.jit_compile is False
    assert loaded.steps_per_execution == 3
    assert float(loaded.optimizer.learning_rate) == pytest.approx(0.02)


def test_mixed_precision_comes_back(tmp_path, make_vae, digits, policy):
    policy("mixed_float16")
    model = make_vae()
    model.compile("adam")
    model.fit(digits, batch_size=10, verbose=0)
    model.save(tmp_path / "model.keras")
    policy("float32")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.encoder.layers[-1].compute_dtype == "float16"
    assert type(loaded.optimizer) is type(model.optimizer)
    np.testing.assert_array_equal(loaded.reconstruct(digits), model.reconstruct(digits))


@keras.saving.register_keras_serializable(package="tests")
class LearnedScale(Likelihood):
    """Normal pixels whose one scale is learned: a user's own likelihood with a weight."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.log_scale = self.add_weight(shape=(), initializer="zeros", name="log_scale")

    def call(self, parameters):
        return tfd.Independent(tfd.Normal(tf.sigmoid(parameters), tf.exp(self.log_scale.value)), 3)


def test_a_likelihood_with_weights_is_trained_and_saved(tmp_path, make_vae, train):
    model = make_vae(likelihood=LearnedScale())
    model.compile(keras.optimizers.Adam(0.05))
    model.fit(train, epochs=3, verbose=0)
    learned = float(model.likelihood.log_scale)
    assert learned < -0.1
    model.save(tmp_path / "model.keras")
    assert float(keras.models.load_model(tmp_path / "model.keras").likelihood.log_scale) == learned


def test_weights_alone_can_be_saved(tmp_path, make_vae, digits):
    model, other = make_vae(seed=1), make_vae(seed=2)
    model.save_weights(tmp_path / "model.weights.h5")
    assert np.abs(other.reconstruct(digits) - model.reconstruct(digits)).max() > 1e-3
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other.reconstruct(digits), model.reconstruct(digits))
