"""The ladder's networks: sizes, groups, and a walk that is the call."""

import keras
import numpy as np
import pytest

from keras_vae.networks.build import build_networks
from keras_vae.networks.top_down import split

rng = np.random.default_rng(0)
SMALL = {"groups": [(2, 2), (2, 1), (1, 1)], "filters": (4, 6), "features": 3, "blocks": 1}


def build(image_shape=(8, 8, 1), classes=None, seed=0, **changes):
    return build_networks("ladder", image_shape, None, None, 2, classes=classes, seed=seed, **{**SMALL, **changes})


@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("image_shape", [(4, 4, 1), (8, 12, 3), (28, 28, 1), (5, 13, 3), (1, 1, 1)])
def test_shapes(image_shape, classes):
    encoder, decoder = build(image_shape, classes)
    coarse, fine = (tuple(-(-side // 2**halving) for side in image_shape[:2]) for halving in (2, 1))
    width, features = 3 * np.prod(coarse) + np.prod(fine), 3 * (np.prod(coarse) + np.prod(fine))
    label = [] if classes is None else [np.eye(classes, dtype="float32")[[0, 1, 1, 2, 0]]]
    given = [rng.random((5, *image_shape), "float32"), *label]
    assert encoder(given if label else given[0]).shape == (5, features + (classes or 0))
    assert encoder.output_shape == (None, features + (classes or 0))
    e = [rng.normal(size=(5, width)).astype("float32"), *label]
    assert decoder(e if label else e[0]).shape == (5, *image_shape[:2], 2)
    latent = (None, width)
    assert decoder.input_shape == (latent if classes is None else [latent, (None, classes)])
    assert decoder.group_shapes == ((*coarse, 2), (*coarse, 1), (*fine, 1))
    assert decoder.output_shape == (None, *image_shape[:2], 2)


def test_a_walk_is_the_call_and_each_group_meets_the_state_of_those_above():
    _, decoder = build(classes=2)
    for weight in decoder.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    e = keras.ops.convert_to_tensor(rng.normal(size=(3, 28)).astype("float32"))
    label = keras.ops.one_hot([0, 1, 1], 2)
    states = []

    def latents(group, state):
        states.append(state)
        return split(e, decoder.widths)[group]

    np.testing.assert_array_equal(decoder.walk(latents, label), decoder([e, label]))
    assert [None if state is None else tuple(state.shape[1:]) for state in states] == decoder.state_shapes
    other = e + keras.ops.one_hot(27, 28)  # of the finest group: the states above do not know of it, the pixels do
    seen = []
    pixels = decoder.walk(lambda group, state: seen.append(state) or split(other, decoder.widths)[group], label)
    assert all(np.array_equal(a, b) for a, b in zip(states[1:], seen[1:], strict=True))
    assert not np.array_equal(pixels, decoder([e, label]))


def test_depth_starts_as_the_identity():
    _, shallow = build(groups=[(1, 2)], filters=(4,), blocks=0)
    _, deep = build(groups=[(1, 2)], filters=(4,), blocks=3)
    for name in ("project", "block_narrow", "block_conv", "block_widen"):
        deep.stages[0].get_layer(name).set_weights(shallow.stages[0].get_layer(name).get_weights())
    deep.pixels.get_layer("likelihood").set_weights(shallow.pixels.get_layer("likelihood").get_weights())
    e = rng.normal(size=(3, 32)).astype("float32")
    np.testing.assert_allclose(deep(e), shallow(e), atol=1e-6)


def test_initial_weights_are_a_function_of_the_seed():
    def weights(seed):
        return [weight for network in build(seed=seed) for weight in network.get_weights()]

    keras.utils.set_random_seed(1)
    first = weights(5)
    keras.utils.set_random_seed(2)
    again, other = weights(5), weights(6)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True) if np.any(a))


@pytest.mark.parametrize("classes", [None, 3])
def test_come_back_from_their_configuration(classes):
    for network in build(classes=classes):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))
        again.set_weights(network.get_weights())
        shapes = network.input_shape if classes else [network.input_shape]
        x = [rng.random((2, *shape[1:]), "float32") for shape in shapes]
        np.testing.assert_array_equal(again(x if classes else x[0]), network(x if classes else x[0]))
