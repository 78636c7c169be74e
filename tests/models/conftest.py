import keras
import pytest


@pytest.fixture(autouse=True)
def gray_digits_are_meant(gray_pixels_are_meant):
    """Here Bernoullis are fitted to gray digits."""


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
