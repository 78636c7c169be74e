"""Every preset exports whole, gray and colour, and so does a model of one's own."""

import json

import keras
import pytest

from keras_vae.export import export_bundle, verify_bundle
from keras_vae.models.vae import VAE
from keras_vae.presets.read import preset_names
from keras_vae.presets.weights import trained_preset_names

GRAY, COLOUR = (16, 16, 1), (16, 16, 3)


def check(model, path):
    export_bundle(model, path)
    manifest = json.loads((path / "manifest.json").read_text())
    assert manifest["not_written"] == {}
    assert manifest["model"]["image_shape"] == list(model.image_shape)
    verify_bundle(path)
    return manifest


@pytest.mark.slow
@pytest.mark.parametrize("preset", sorted(set(preset_names()) - set(trained_preset_names())))
def test_a_preset_exports_whole_within_the_size(check_sizes, preset, tmp_path):
    """Those that come trained are exported with their weights, in tests/command_line/test_trained_presets.py."""
    changes = {"image_shape": COLOUR} if preset.startswith("image_") else {}
    model = VAE.from_preset(preset, **changes)
    check(model, tmp_path / "bundle")
    check_sizes(model, tmp_path / "bundle")


@pytest.mark.parametrize("shape", [GRAY, COLOUR])
def test_networks_of_one_s_own_export_whole(shape, tmp_path):
    layers = keras.layers
    values = shape[0] * shape[1] * shape[2]
    encoder = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(4, 3, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Flatten(),
            layers.Dropout(0.1),
            layers.Dense(2 * 3),
        ]
    )
    latent = keras.Input((3,))
    hidden = layers.Dense(8, "elu")(latent)
    hidden = layers.concatenate([layers.LayerNormalization()(hidden), latent])
    decoder = keras.Model(latent, layers.Reshape(shape)(layers.Dense(values)(hidden)))
    check(VAE(encoder, decoder), tmp_path / "bundle")
