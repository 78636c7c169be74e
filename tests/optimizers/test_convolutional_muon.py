"""Muon of convolutions against Keras' own, whose matrices are dense layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.vae import VAE
from keras_vae.optimizers import ConvolutionalMuon


def after_a_step(optimizer, value, gradient, name="kernel"):
    variable = keras.Variable(value, name=name)
    optimizer.build([variable])
    optimizer.apply([tf.constant(gradient)], [variable])
    return variable.numpy()


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (5, 5)])
def test_a_dense_layers_step_is_keras_own(shape):
    value, gradient = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    own, keras_own = (after_a_step(make(0.1), value, gradient) for make in (ConvolutionalMuon, keras.optimizers.Muon))
    np.testing.assert_allclose(own, keras_own, atol=1e-4)


def test_a_convolution_is_a_matrix():
    value, gradient = np.random.default_rng(1).normal(size=(2, 3, 3, 4, 8)).astype("float32")
    as_matrix = after_a_step(ConvolutionalMuon(0.1), value.reshape(36, 8), gradient.reshape(36, 8))
    np.testing.assert_allclose(
        after_a_step(ConvolutionalMuon(0.1), value, gradient).reshape(36, 8), as_matrix, atol=1e-6
    )
    step = (value.reshape(36, 8) * (1 - 0.1 * ConvolutionalMuon(0.1).weight_decay) - as_matrix) / 0.1
    np.testing.assert_allclose(np.linalg.svd(step, compute_uv=False), 0.2 * np.sqrt(36), rtol=0.4)  # orthogonal, nearly


def test_what_is_excluded_is_adams():
    value, gradient = np.random.default_rng(2).normal(size=(2, 3, 3, 4, 8)).astype("float32")
    options = {"exclude_layers": ["pseudo"], "adam_lr_ratio": 1.0, "adam_weight_decay": 0.0}
    found = after_a_step(ConvolutionalMuon(0.1, **options), value, gradient, name="pseudo_inputs")
    np.testing.assert_allclose(value - found, 0.1 * np.sign(gradient), atol=1e-3)


def test_a_saved_training_goes_on(tmp_path):
    x = np.random.default_rng(3).integers(0, 256, (8, 8, 8, 3)).astype("float32") / 255
    x = tf.data.Dataset.from_tensor_slices(x).batch(4)
    model = VAE.from_preset("image_residual", image_shape=(8, 8, 3), network={"filters": [4, 4], "latent_maps": 2})
    model.compile(ConvolutionalMuon(0.01), jit_compile=False)
    model.fit(x, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again.optimizer) is ConvolutionalMuon
    for each in (model, again):
        each.fit(x, verbose=0)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
