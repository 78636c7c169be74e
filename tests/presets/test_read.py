"""Presets as data."""

import pytest

from keras_vae.presets.read import default_preset, preset_names, read_preset

KEYS = {
    "description", "default_for", "image_shape", "latent_dim", "network", "likelihood", "posterior", "prior",
    "objective", "training",
}  # fmt: skip


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_says_everything(name):
    preset = read_preset(name)
    assert preset.keys() - {"trained"} == KEYS
    assert preset["training"].keys() - {"sampler"} == {"optimizer", "learning_rate", "batch_size", "epochs", "augment"}
    assert preset["description"].endswith(".")
    assert default_preset("some_other_dataset", (7, 7, 1)) in preset_names()


def test_no_two_presets_claim_the_same_dataset():
    claims = [claim for name in preset_names() for claim in read_preset(name)["default_for"]]
    assert sorted(claims) == sorted(set(claims))
    assert "*" in claims


def test_names_are_sorted_and_known():
    assert preset_names() == sorted(preset_names())
    assert {"digits_mlp", "mnist_mlp", "mnist_conv", "image_conv"} <= set(preset_names())


@pytest.mark.parametrize(
    ("dataset", "image_shape", "expected"),
    [
        ("digits", (8, 8, 1), "digits_mlp"),
        ("mnist", (28, 28, 1), "mnist_mlp"),
        ("mnist:3.0.1", (28, 28, 1), "mnist_mlp"),
        ("some_letters", (28, 28, 1), "mnist_mlp"),
        ("mnist", (32, 32, 1), "image_residual"),
        ("digits", (16, 16, 1), "image_residual"),
        ("photographs", (64, 96, 3), "image_residual"),
    ],
)
def test_default_preset(dataset, image_shape, expected):
    assert default_preset(dataset, image_shape) == expected


def test_unknown_names_get_close_ones():
    with pytest.raises(ValueError, match=r"preset is 'mnist_mpl': .*; did you mean 'mnist_mlp'"):
        read_preset("mnist_mpl")
    with pytest.raises(ValueError, match=r"preset is 'zzz': expected one of digits_mlp"):
        read_preset("zzz")
