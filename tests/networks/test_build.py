"""Every kind of network at every size: shapes, seeds and refusals."""

import keras
import numpy as np
import pytest

from keras_vae import registry
from keras_vae.networks.build import build_networks, returns_parameters

SMALL = {
    "dense": {"hidden": (8,)},
    "convolutional": {"filters": (4, 6), "hidden": 8},
    "pixel_shuffle": {"filters": (4, 6), "decoder_filters": 4, "hidden": 8},
    "residual": {"filters": (4, 6), "blocks": 1, "hidden": 8},
}


def test_every_kind_is_tested():
    assert sorted([*SMALL, "ladder"]) == registry.names("network")  # see test_ladder.py


@pytest.mark.parametrize("image_shape", [(4, 4, 1), (8, 12, 3), (28, 28, 1), (5, 13, 3), (1, 1, 1)])
@pytest.mark.parametrize("kind", SMALL)
def test_shapes(kind, image_shape):
    encoder, decoder = build_networks(kind, image_shape, 3, 7, 2 * image_shape[-1], **SMALL[kind])
    assert encoder(np.zeros([5, *image_shape], "float32")).shape == (5, 7)
    assert decoder(np.zeros([5, 3], "float32")).shape == (5, *image_shape[:2], 2 * image_shape[-1])
    assert encoder.input_shape == (None, *image_shape)
    assert encoder.output_shape == (None, 7)
    assert decoder.input_shape == (None, 3)
    assert decoder.output_shape == (None, *image_shape[:2], 2 * image_shape[-1])


def outputs_and_weights(kind, **arguments):
    networks = build_networks(kind, (8, 8, 1), 2, 4, 1, **{**SMALL[kind], **arguments})
    return [weight for network in networks for weight in network.get_weights()]


@pytest.mark.parametrize("kind", SMALL)
def test_initial_weights_are_a_function_of_the_seed(kind):
    keras.utils.set_random_seed(1)
    first = outputs_and_weights(kind, seed=5)
    keras.utils.set_random_seed(2)
    again, other = outputs_and_weights(kind, seed=5), outputs_and_weights(kind, seed=6)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    random = [(a, b) for a, b in zip(first, other, strict=True) if np.any(a)]
    assert len(random) >= 4
    assert not any(np.array_equal(a, b) for a, b in random)


def test_no_two_layers_start_alike():
    kernels = [w for w in outputs_and_weights("dense", hidden=(8, 8, 8), seed=0) if w.shape == (8, 8)]
    assert len(kernels) == 4
    for i, kernel in enumerate(kernels):
        assert all(abs(np.corrcoef(kernel.ravel(), other.ravel())[0, 1]) < 0.6 for other in kernels[:i])


@pytest.mark.parametrize("kind", SMALL)
def test_come_back_from_their_configuration(kind):
    for network in build_networks(kind, (8, 8, 1), 2, 4, 1, **SMALL[kind]):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))
        again.set_weights(network.get_weights())
        x = np.random.default_rng(0).random((2, *network.input_shape[1:]), "float32")
        np.testing.assert_array_equal(again(x), network(x))


def test_residual_blocks_start_as_the_identity():
    shallow, _ = build_networks("residual", (8, 8, 1), 2, 4, 1, filters=(4,), blocks=0, hidden=8)
    deep, _ = build_networks("residual", (8, 8, 1), 2, 4, 1, filters=(4,), blocks=3, hidden=8)
    for name in ("down_0", "hidden", "posterior"):
        deep.get_layer(name).set_weights(shallow.get_layer(name).get_weights())
    x = np.random.default_rng(0).random((3, 8, 8, 1), "float32")
    np.testing.assert_allclose(deep(x), shallow(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["convolutional", "pixel_shuffle", "residual"])
def test_only_sides_that_were_rounded_up_are_cropped(kind):
    layers = {
        shape: [layer.name for layer in build_networks(kind, (*shape, 1), 2, 4, 1, **SMALL[kind])[1].layers]
        for shape in ((8, 12), (7, 12))
    }
    assert layers[7, 12] == [*layers[8, 12], "crop"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"kind": "convolutionl"},
            "network is 'convolutionl': expected one of .*dense.*; did you mean 'convolutional'",
        ),
        ({"latent_dim": 0}, "latent_dim is 0.*at least 1"),
        ({"latent_dim": -3}, "latent_dim is -3"),
        ({"latent_dim": 2.5}, "latent_dim is 2.5"),
        ({"latent_dim": True}, "latent_dim is True"),
        ({"image_shape": (8, 8)}, r"image_shape is \(8, 8\)"),
        ({"image_shape": (8, 8, 17)}, r"image_shape is \(8, 8, 17\): expected .* with 1 to 16 channels"),
        ({"image_shape": (0, 8, 1)}, r"image_shape is \(0, 8, 1\)"),
        ({"hiden": (8,)}, "hiden"),
    ],
)
def test_refuses(changes, message):
    arguments = {
        "kind": "dense", "image_shape": (8, 8, 1), "latent_dim": 2, "encoder_outputs": 4, "decoder_channels": 1
    }  # fmt: skip
    with pytest.raises(ValueError, match=message) as error:
        build_networks(**{**arguments, **changes})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("kind", ["convolutional", "residual"])
def test_a_latent_of_maps_is_seen_place_by_place(kind, classes):
    arguments = {**SMALL[kind], "filters": (4,), "latent_maps": 2, "classes": classes}
    encoder, decoder = build_networks(kind, (24, 30, 1), 2 * 12 * 15, 4 * 12 * 15, 5, **arguments)
    assert not any(layer.name == "hidden" for layer in (*encoder.layers, *decoder.layers))
    label = [] if classes is None else [np.eye(3, dtype="float32")[[1]]]
    z = np.zeros([1, 360], "float32")
    moved = z.copy()
    moved[0, :2] = 1  # the first place's
    for network, source, other, near in (
        (decoder, z, moved, lambda change: change[0, 14:]),
        (encoder, np.zeros([1, 24, 30, 1], "float32"), None, lambda change: change.reshape(2, 12, 15, 2)[:, 8:]),
    ):
        if other is None:
            other = source.copy()
            other[0, 0, 0] = 1
        change = np.abs(network([other, *label] if label else other) - network([source, *label] if label else source))
        assert change.max() > 0
        assert near(change).max() == 0
    if label:
        other = [z, np.eye(3, dtype="float32")[[2]]]
        assert np.abs(decoder(other) - decoder([z, *label])).max() > 0


def test_latent_maps_are_all_of_the_latent():
    with pytest.raises(ValueError, match="latent_dim is 9: expected 8, the size of 2 maps of 2 x 2; leave out"):
        build_networks("residual", (8, 8, 1), 9, 16, 1, **SMALL["residual"], latent_maps=2)
    with pytest.raises(ValueError, match=r"^the posterior takes 20 numbers .*each of the 8 latents of 2 maps"):
        build_networks("residual", (8, 8, 1), 8, 20, 1, **SMALL["residual"], latent_maps=2)


def test_a_kind_says_by_its_arguments_what_it_needs():
    assert [name for name in registry.names("network") if not returns_parameters(name)] == ["ladder"]
    with pytest.raises(ValueError, match="encoder_outputs"):
        build_networks("ladder", (8, 8, 1), None, 4, 1)
    with pytest.raises(ValueError, match=r"missing .* 'encoder_outputs'"):
        build_networks("dense", (8, 8, 1), 2, None, 1)
