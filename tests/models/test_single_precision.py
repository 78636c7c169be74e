"""Models trained in mixed precision leave in float32."""

import keras
import numpy as np
import pytest

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.single_precision import in_float32
from keras_vae.models.vae import VAE


def make(policy):
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        return VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]}, seed=3)
    finally:
        keras.mixed_precision.set_dtype_policy(before)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_the_copy_computes_as_if_built_in_float32(policy):
    mixed, single = make(policy), make("float32")
    for network in (mixed.encoder, single.encoder, mixed.decoder, single.decoder):
        network.set_weights([weight + 0.25 for weight in network.get_weights()])
    copy = in_float32(mixed)
    np.testing.assert_array_equal(copy.generate(4, seed=1), single.generate(4, seed=1))
    assert np.abs(mixed.generate(4, seed=1) - single.generate(4, seed=1)).max() > 1e-6
    assert mixed.decoder.layers[1].compute_dtype == policy.removeprefix("mixed_")


def test_a_float32_model_is_not_copied():
    single = make("float32")
    assert in_float32(single) is single


def test_the_copy_has_the_sampler_and_the_class_of_the_model(digits):
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = Autoencoder.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
        mixed.fit_sampler(digits, components=2)
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    copy = in_float32(mixed)
    assert type(copy) is Autoencoder
    for weight, expected in zip(copy.sampler.get_weights(), mixed.sampler.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
