import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_vae.presets.read import preset_names, read_preset
from keras_vae.runs.settings import Settings

COUNTS = ("epochs", "batch_size", "latent_dim", "image_size", "importance_samples")


@given(name=st.sampled_from(COUNTS), value=st.integers(max_value=0))
def test_counts_below_one_are_refused(name, value):
    with pytest.raises(ValueError) as caught:
        Settings(**{name: value})
    message = str(caught.value)
    assert f"{name} is {value}" in message
    assert "at least 1" in message
    assert "--" + name.replace("_", "-") in message
    assert "\n" not in message


@given(name=st.sampled_from(COUNTS), value=st.integers(min_value=1))
def test_counts_from_one_are_taken(name, value):
    assert getattr(Settings(**{name: value}), name) == value


@pytest.mark.parametrize("rate", [0.0, -1e-3, float("nan"), float("inf")])
def test_learning_rates_are_finite_and_above_zero(rate):
    with pytest.raises(ValueError, match=r"learning_rate is .*number above 0"):
        Settings(learning_rate=rate)


def test_precisions_are_refused_by_name():
    with pytest.raises(ValueError, match="precision is 'float16': expected one of float32, mixed_bfloat16"):
        Settings(precision="float16")


@pytest.mark.parametrize(("channels", "expected"), [(0, "at least 1"), (17, "at most 16")])
def test_channels_are_1_to_16(channels, expected):
    with pytest.raises(ValueError, match=f"channels is {channels}: expected a whole number of {expected}"):
        Settings(channels=channels)
    assert Settings(channels=16).data_arguments()["channels"] == 16


def test_changes_that_are_none_change_nothing():
    settings = Settings(dataset="mnist", data_dir="data", seed=3)
    assert settings.changed(dataset=None, data_dir=None) == settings
    assert settings.changed(seed=0, dataset=None) == dataclasses.replace(settings, seed=0)
    with pytest.raises(ValueError, match="epochs"):
        settings.changed(epochs=0)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_trained_and_comes_back_from_its_record(tmp_path, name):
    settings = Settings().completed(name, read_preset(name))
    record = json.loads(json.dumps(dataclasses.asdict(settings)))
    assert Settings.of_record(record, tmp_path) == settings
    assert settings.prior == read_preset(name)["prior"]  # a name, or the configuration of a mixture of 500


def test_the_preset_fills_in_only_what_was_not_asked_for():
    settings = Settings(epochs=2, prior="vamp").completed("digits_mlp", read_preset("digits_mlp"))
    assert (settings.preset, settings.latent_dim) == ("digits_mlp", 8)
    assert (settings.epochs, settings.batch_size, settings.learning_rate) == (2, 128, 0.003)
    parts = ("binomial", "vamp", "diagonal_normal", "elbo")
    assert (settings.likelihood, settings.prior, settings.posterior, settings.objective) == parts


def test_a_folder_is_recorded_by_its_full_path(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    preset = read_preset("digits_mlp")
    assert Settings(dataset="images").completed("p", preset).dataset == str(tmp_path / "images")
    assert Settings(dataset="digits").completed("p", preset).dataset == "digits"


def test_a_known_name_stays_a_name_beside_a_folder_of_that_name(tmp_path, monkeypatch):
    # load_dataset reads MNIST then, so the run must not record the folder.
    (tmp_path / "mnist").mkdir()
    monkeypatch.chdir(tmp_path)
    preset = read_preset("digits_mlp")
    assert Settings(dataset="mnist").completed("p", preset).dataset == "mnist"


def test_a_preset_for_bytes_or_counts_takes_a_bernoulli_for_binarised_images():
    preset = read_preset("image_residual")
    assert Settings().completed("image_residual", preset).likelihood == "colour_logistic_mixture"
    assert Settings(binarize="static").completed("image_residual", preset).likelihood == "bernoulli"
    asked = Settings(binarize="static", likelihood="colour_logistic_mixture").completed("image_residual", preset)
    assert asked.likelihood == "colour_logistic_mixture"
    counts = Settings(binarize="static").completed("digits_mlp", read_preset("digits_mlp"))
    assert counts.likelihood == "bernoulli"  # 16 coins that fall alike cost far more than one


def test_augmentation_is_the_presets_unless_none_is_asked_for():
    preset = read_preset("image_residual")
    assert Settings().completed("image_residual", preset).augment == "flip,shift"
    assert Settings(augment="").completed("image_residual", preset).augment == ""


def test_a_record_without_an_optimizer_is_of_adam(tmp_path):
    assert Settings.of_record({"dataset": "digits"}, tmp_path).optimizer == "adam"


def test_pictures_are_drawn_from_a_prior_that_is_asked_for():
    preset = read_preset("image_residual")
    assert Settings().completed("image_residual", preset).sampler == 100
    assert Settings(prior="vamp").completed("image_residual", preset).sampler is None
    assert Settings(prior="vamp", sampler=3).completed("image_residual", preset).sampler == 3
    assert Settings().completed("digits_mlp", read_preset("digits_mlp")).sampler is None
