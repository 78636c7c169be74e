"""The layers that reshape feature maps."""

import keras
import numpy as np

from keras_vae.networks.reshaping import DepthToSpace, ToFeatureMap


def test_depth_to_space_puts_each_channel_in_its_corner():
    x = np.arange(2 * 3 * 2 * 8, dtype="float32").reshape(2, 3, 2, 8)
    y = np.array(DepthToSpace()(x))
    assert y.shape == (2, 6, 4, 2)
    for n, h, w, c in np.ndindex(y.shape):
        assert y[n, h, w, c] == x[n, h // 2, w // 2, (2 * (h % 2) + w % 2) * 2 + c]


def test_to_feature_map_is_a_reshape():
    x = np.arange(24, dtype="float32").reshape(2, 12)
    np.testing.assert_array_equal(np.array(ToFeatureMap((2, 3, 2))(x)), x.reshape(2, 2, 3, 2))


def test_symbolic_shapes_and_configuration():
    latent = keras.Input((16,))
    features = DepthToSpace()(ToFeatureMap((2, 2, 4))(latent))
    assert features.shape == (None, 4, 4, 1)
    model = keras.Model(latent, features)
    x = np.random.default_rng(0).random((3, 16), "float32")
    np.testing.assert_array_equal(np.array(keras.Model.from_config(model.get_config())(x)), np.array(model(x)))
