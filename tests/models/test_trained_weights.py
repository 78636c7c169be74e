"""Presets that come with trained weights, and a stand-in for one."""

import json

import numpy as np
import pytest

from keras_vae.models.presets import learned_variables, write_trained_weights
from keras_vae.models.vae import VAE
from keras_vae.presets import read as presets
from keras_vae.presets.read import preset_names
from keras_vae.presets.weights import trained_preset_names

MEGABYTES = 4e6


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A folder of presets with a trained one, and the model that was trained."""
    settings = {**presets.read_preset("digits_mlp"), "prior": "gaussian_mixture", "trained": {"dataset": "digits"}}
    (tmp_path / "small.json").write_text(json.dumps(settings))
    (tmp_path / "fresh.json").write_text(json.dumps(presets.read_preset("digits_mlp")))
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    model = VAE.from_preset("small", seed=3)
    model.compile("adam", jit_compile=False)
    model.fit(np.random.default_rng(0).integers(0, 17, (32, 8, 8, 1)).astype("float32") / 16, verbose=0)
    write_trained_weights(model, tmp_path / "small.npz")
    return model


def test_weights_come_back_rounded_to_float16(shipped):
    model = VAE.from_preset("small", load_weights=True, seed=9)
    for loaded, trained in zip(learned_variables(model), learned_variables(shipped), strict=True):
        np.testing.assert_array_equal(loaded.numpy(), trained.numpy().astype(np.float16).astype(np.float32))
    np.testing.assert_allclose(model.generate(5, seed=1), shipped.generate(5, seed=1), atol=5e-3)
    assert int(model.step) == 0
    assert trained_preset_names() == ["small"]


def test_without_being_asked_for_they_are_not_taken(shipped):
    untrained, again = VAE.from_preset("small", seed=3), VAE.from_preset("small", load_weights=True, seed=3)
    assert np.any(untrained.get_weights()[-2] != again.get_weights()[-2])


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("fresh", {}, "preset 'fresh' comes without trained weights: expected small; or train it"),
        ("smal", {}, "preset is 'smal': expected one of"),
        (
            "small",
            {"latent_dim": 3},
            "load_weights is True with another latent_dim: expected small without changes, which its",
        ),
        ("small", {"prior": "vamp", "network": {"hidden": [3]}}, "with another network and prior"),
    ],
)
def test_refuses(shipped, name, changes, message):
    with pytest.raises(ValueError, match=message):
        VAE.from_preset(name, load_weights=True, **changes)


def test_weights_beyond_float16_are_refused(shipped, tmp_path):
    shipped.decoder.weights[-1].assign(shipped.decoder.weights[-1] + 1e6)
    with pytest.raises(ValueError, match="not all finite in float16"):
        write_trained_weights(shipped, tmp_path / "other.npz")
    assert not (tmp_path / "other.npz").exists()


def test_a_damaged_installation_is_named(shipped, tmp_path):
    (tmp_path / "small.npz").unlink()
    np.savez(tmp_path / "small.npz", a=np.zeros(3, np.float16))
    with pytest.raises(ValueError, match=r"have shapes .*: expected .*; reinstall keras_vae"):
        VAE.from_preset("small", load_weights=True)


@pytest.mark.parametrize("name", [name for name in preset_names() if "trained" in presets.read_preset(name)])
def test_what_is_shipped_is_small_and_draws_what_it_was_trained_on(name):
    import importlib.resources

    file = importlib.resources.files("keras_vae.presets").joinpath(f"{name}.npz")
    assert len(file.read_bytes()) < MEGABYTES
    model = VAE.from_preset(name, load_weights=True)
    images, trained = model.generate(64, seed=7), presets.read_preset(name)["trained"]
    test = trained["test"]
    if trained["dataset"] == "mnist":
        assert 0.08 < images.mean() < 0.2  # a digit inks an eighth of its image
        assert (np.minimum(images, 1 - images) < 0.05).mean() > 0.8  # and is sharp
        assert test["images"] == 10_000
    else:
        assert 0.5 < images.mean() < 0.95  # colours on white
        assert test["bits_per_dimension"] < 2.6  # lossless WebP takes 2.94
    assert test["nll"] < -test["elbo"]
