import warnings

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from keras_vae.models.vae import VAE


@pytest.fixture(scope="session")
def digits():
    """Twenty real digits, float32 `[20, 8, 8, 1]` in [0, 1]."""
    return (load_digits().images[:20, :, :, None] / 16).astype("float32")


@pytest.fixture(autouse=True)
def gray_digits_are_meant():
    """Here Bernoullis are fitted to gray digits on purpose; tests of the warning set their own filters."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Bernoulli is no likelihood")
        yield


@pytest.fixture
def make_vae():
    """Builds small models of equal weights for equal arguments."""

    def make(**changes):
        return VAE.from_preset(
            "digits_mlp", **{"latent_dim": 2, "likelihood": "bernoulli", "network": {"hidden": [8]}, **changes}
        )

    return make


@pytest.fixture
def make_networks():
    """Builds a user's own encoder and decoder for 8 x 8 gray images and two latent dimensions."""

    def make(outputs=4, pixels=64):
        encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(outputs)])
        decoder = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(pixels), keras.layers.Reshape((8, 8, pixels // 64))]
        )
        return encoder, decoder

    return make


@pytest.fixture
def policy():
    """Sets a precision policy for one test."""
    before = keras.mixed_precision.dtype_policy()
    yield keras.mixed_precision.set_dtype_policy
    keras.mixed_precision.set_dtype_policy(before)


@pytest.fixture
def weights_of():
    return lambda model: [np.array(weight) for weight in model.get_weights()]
