"""Every preset builds, trains a step, and comes back from its file."""

import keras
import numpy as np
import pytest

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.presets.read import preset_names, read_preset


@pytest.mark.parametrize("name", preset_names())
def test_builds_trains_and_comes_back(tmp_path, name):
    preset = read_preset(name)
    # Presets for images of any size are tried on small ones, or this would be the slowest test of all.
    changes = {"image_shape": (8, 16, 3)} if preset["image_shape"] == [64, 64, 3] else {}
    model = VAE.from_preset(name, **changes)
    if preset.get("latent_dim"):
        assert model.latent_dim == preset["latent_dim"]
    assert model.image_shape == tuple(changes.get("image_shape", preset["image_shape"]))
    x = np.random.default_rng(0).integers(0, 2, (4, *model.image_shape)).astype("float32")
    # A ladder's many layers are traced in test_every_combination.py, in a smaller one.
    model.compile("adam", jit_compile=False, run_eagerly=name.endswith("ladder"))
    assert np.isfinite(model.fit(x, verbose=0).history["loss"]).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.reconstruct(x), model.reconstruct(x))
    assert int(loaded.step) == 1


def test_autoencoder_builds_from_the_same_presets():
    model = Autoencoder.from_preset("mnist_mlp", latent_dim=3)
    assert model.encode(np.zeros([2, 28, 28, 1], "float32")).shape == (2, 3)


def test_changes():
    model = VAE.from_preset("digits_mlp", latent_dim=3, likelihood="bernoulli", network={"hidden": [6]}, seed=4)
    assert (model.latent_dim, model.seed) == (3, 4)
    assert model.encoder.get_layer("hidden_0").units == 6
    assert type(model.likelihood).__name__ == "Bernoulli"


def test_a_change_of_none_keeps_the_preset():
    model = VAE.from_preset("digits_mlp", latent_dim=None, likelihood=None, seed=None, network=None)
    assert model.latent_dim == read_preset("digits_mlp")["latent_dim"]


def test_another_kind_of_network_brings_its_own_arguments():
    model = VAE.from_preset("mnist_mlp", network={"kind": "convolutional", "filters": [2, 2]})
    assert model.encoder.get_layer("hidden").units == 128  # not the dense preset's list of widths


@pytest.mark.parametrize(
    ("image_shape", "stages"), [((8, 8, 1), 2), ((64, 64, 3), 2), ((88, 88, 3), 2), ((96, 96, 3), 3), ((30, 450, 3), 3)]
)
def test_larger_images_have_more_stages(image_shape, stages):
    model = VAE.from_preset("image_conv", image_shape=image_shape, latent_dim=2, network={"hidden": 4})
    assert sum(layer.name.startswith("down_") for layer in model.encoder.layers) == stages
    assert model.generate(1).shape == (1, *image_shape)


def test_filters_that_are_given_are_taken():
    model = VAE.from_preset("image_conv", image_shape=(30, 450, 3), network={"filters": [4, 8], "hidden": 4})
    assert [layer.filters for layer in model.encoder.layers if layer.name.startswith("down_")] == [4, 8]


def test_the_seed_decides_the_weights():
    first, again, other = (VAE.from_preset("digits_mlp", seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("mnist_mpl", {}, "preset is 'mnist_mpl': expected one of .*'mnist_mlp'"),
        ("mnist_mlp", {"latent_dims": 3}, "setting of preset 'mnist_mlp' is 'latent_dims': .*'latent_dim'"),
        ("mnist_mlp", {"latent_dim": 0}, "latent_dim is 0"),
        ("mnist_mlp", {"network": {"hiden": [3]}}, "hiden"),
        ("mnist_mlp", {"likelihood": "bernouli"}, "likelihood is 'bernouli': expected one of .*'bernoulli'"),
    ],
)
def test_refuses(name, changes, message):
    with pytest.raises(ValueError, match=message) as error:
        VAE.from_preset(name, **changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "latent_dim"),
    [
        ({}, 8 * 2 * 4),
        ({"latent_dim": 3}, 3),
        ({"posterior": "coupling_flow"}, 64),
        ({"network": {"kind": "dense"}}, 64),
    ],
)
def test_a_latent_of_maps_gives_way_to_a_vector(changes, latent_dim):
    model = VAE.from_preset("image_residual", image_shape=(8, 16, 3), **changes)
    assert model.latent_dim == latent_dim
    assert ("latent_maps" in [layer.name for layer in model.decoder.layers]) == (not changes)
