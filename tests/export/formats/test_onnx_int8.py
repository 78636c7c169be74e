"""What the int8 decoder stores, beside what the float one computes."""

import keras
import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper

from keras_vae.export.contents.implied import LAYERS
from keras_vae.export.formats.onnx import converted
from keras_vae.export.formats.onnx_int8 import in_int8
from keras_vae.export.formats.signatures import signatures
from keras_vae.models.vae import VAE

layers = keras.layers


def graph_of(*decoder):
    """Return `decode` of a model with these layers after a latent of 4 and before images 8 x 8."""
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(8)])
    model = VAE(encoder, keras.Sequential([keras.Input((4,)), *decoder]))
    return converted("decode", signatures(model)["decode"])


def weights_of(model):
    """Return the arrays of more than one dimension that a file stores, scales apart."""
    tensors = [tensor for tensor in model.graph.initializer if not tensor.name.endswith("_scale")]
    arrays = [numpy_helper.to_array(tensor) for tensor in tensors]
    return [array for array in arrays if array.ndim > 1]


def images(model, latent):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["image"], {"latent": latent})[0]


@pytest.fixture(scope="module")
def latent():
    return np.random.default_rng(0).normal(size=(64, 4)).astype("float32")


def test_convolutions_of_both_kinds_are_stored_as_int8_with_a_scale_for_each_output(latent):
    decoder = graph_of(
        layers.Reshape((2, 2, 1)),
        layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu"),
        layers.UpSampling2D(2),
        layers.Conv2D(1, 3, padding="same"),
    )
    small = in_int8(decoder, {"latent": latent})
    assert sorted(array.dtype for array in weights_of(small) if array.ndim == 4) == [np.int8, np.int8]
    constants = {each.name: numpy_helper.to_array(each) for each in small.graph.initializer}
    before = {each.name: numpy_helper.to_array(each) for each in decoder.graph.initializer}
    stored = {name: array for name, array in constants.items() if array.dtype == np.int8 and array.ndim == 4}
    scales = {name: constants[name.replace("_int8", "_scale")].shape for name in stored}
    # of [inputs, outputs, height, width] and [outputs, inputs, height, width]
    assert sorted(scales.values()) == [(1, 1, 1, 1), (1, 6, 1, 1)]
    for name, whole in stored.items():
        weights, scale = before[name.removesuffix("_int8")], constants[name.replace("_int8", "_scale")]
        of_an_output = tuple(i for i in range(4) if scale.shape[i] == 1)
        assert (np.abs(whole).max(of_an_output) == 127).all()
        assert (np.abs(whole * scale - weights) <= scale * 0.5001).all()
    np.testing.assert_allclose(images(small, latent), images(decoder, latent), atol=0.01)


def test_an_output_of_zeros_stays_one():
    decoder = graph_of(layers.Reshape((2, 2, 1)), layers.Conv2DTranspose(1, 4, strides=4, kernel_initializer="zeros"))
    latent = np.ones((1, 4), "float32")
    np.testing.assert_array_equal(images(in_int8(decoder, {"latent": latent}), latent), np.full((1, 8, 8, 1), 0.5))


@pytest.mark.parametrize(("count", "in_float"), [(LAYERS, 0), (LAYERS + 4, 6)])
def test_the_first_quarter_of_a_deep_decoder_stays_in_float(latent, count, in_float):
    convolutions = [layers.Conv2D(4, 3, padding="same", activation="tanh") for _ in range(count - 1)]
    decoder = graph_of(
        layers.Reshape((2, 2, 1)), layers.UpSampling2D(4), *convolutions, layers.Conv2D(1, 3, padding="same")
    )
    small = in_int8(decoder, {"latent": latent})
    types = [array.dtype for array in weights_of(small) if array.ndim == 4]
    assert [types.count(np.float32), types.count(np.int8)] == [in_float, count - in_float]


def test_dense_layers_run_in_integers(latent):
    decoder = graph_of(layers.Dense(32, "relu"), layers.Dense(64), layers.Reshape((8, 8, 1)))
    small = in_int8(decoder, {"latent": latent})
    assert [node.op_type for node in small.graph.node].count("MatMulInteger") == 2
    assert {array.dtype for array in weights_of(small)} == {np.dtype(np.int8)}
    np.testing.assert_allclose(images(small, latent), images(decoder, latent), atol=0.02)
