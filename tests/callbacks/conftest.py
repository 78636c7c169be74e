import keras
import numpy as np
import pytest

from keras_vae.models.vae import VAE


@pytest.fixture(scope="session")
def binary():
    """Sixty images of four kinds, pixels 0 or 1, float32 `[60, 8, 8, 1]`."""
    draw = np.random.default_rng(0)
    return draw.integers(0, 2, [4, 8, 8, 1])[draw.integers(0, 4, 60)].astype("float32")


@pytest.fixture
def compiled():
    """Builds and compiles small models of equal weights."""

    def make(learning_rate=0.01, **changes):
        changes = {"latent_dim": 2, "likelihood": "bernoulli", "network": {"hidden": [16]}, **changes}
        model = VAE.from_preset("digits_mlp", **changes)
        model.compile(keras.optimizers.Adam(learning_rate), jit_compile=False)
        return model

    return make
