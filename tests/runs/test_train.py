"""The main job on the embedded digits."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from keras_vae.models import compile_options
from keras_vae.models.terminate_on_divergence import TrainingDiverged
from keras_vae.runs import train as training
from keras_vae.runs.run_folder import load_run
from keras_vae.runs.settings import Settings
from keras_vae.runs.train import train

FILES = {
    "config.json", "history.csv", "history.png", "interpolation.png", "latent_space.png", "metrics.json",
    "model.keras", "reconstructions.png", "samples.png", "traversals.png",
}  # fmt: skip
TINY = {"epochs": 2, "importance_samples": 2}


def quietly(settings, output):
    return train(settings, output, console=Console(file=io.StringIO()))


@pytest.fixture(scope="module")
def runs(tmp_path_factory, default_of_compiling):
    """Two runs of one seed, compiled as users' are, and one of another."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile_options, "compiles_well", default_of_compiling)
        for name in ("first", "again"):
            quietly(Settings(seed=1, **TINY), folder / name)
    quietly(Settings(seed=2, **TINY), folder / "other")
    return folder


def test_every_file_is_there_and_nothing_else(runs):
    assert {path.name for path in (runs / "first").iterdir()} == FILES
    assert {path.name for path in runs.iterdir()} == {"first", "again", "other"}


def test_the_same_seed_gives_the_same_run(runs):
    for name in FILES - {"model.keras", "config.json"}:
        assert (runs / "first" / name).read_bytes() == (runs / "again" / name).read_bytes(), name
    weights = [load_run(runs / name)[0].get_weights() for name in ("first", "again")]
    for first, again in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, again)
    assert (runs / "first/metrics.json").read_bytes() != (runs / "other/metrics.json").read_bytes()


def test_metrics_hold_together(runs):
    metrics = json.loads((runs / "first/metrics.json").read_text())
    test = metrics["test"]
    assert test["elbo"] == pytest.approx(-(test["reconstruction"] + test["kl"]))
    assert test["images"] == 360
    assert test["is_likelihood"]
    assert metrics["untrained"]["elbo"] < test["elbo"] < 0


def test_history_has_a_line_an_epoch(runs):
    with (runs / "first/history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for row in rows:
        assert float(row["loss"]) == pytest.approx(float(row["reconstruction_loss"]) + float(row["kl_loss"]), rel=1e-5)
    assert float(rows[1]["val_loss"]) < float(rows[0]["val_loss"])


def test_pictures_show_something(runs):
    for name in sorted(name for name in FILES if name.endswith(".png")):
        with Image.open(runs / "first" / name) as picture:
            assert min(picture.size) > 200, name
            assert np.asarray(picture.convert("L")).std() > 10, name


def test_the_settings_are_recorded_in_full(runs):
    config = json.loads((runs / "first/config.json").read_text())
    assert config["settings"]["preset"] == "digits_mlp"
    assert config["settings"]["epochs"] == 2
    assert config["model"]["likelihood"] == "Binomial"


def test_augmentation_changes_what_is_trained_on_alone_and_is_recorded(tmp_path, monkeypatch):
    """Weights that stay as they begin judge the same test images alike."""
    monkeypatch.setattr(training, "draw_pictures", lambda *arguments: None)  # these take longest
    histories = {}
    for augment in ("", "flip,shift"):
        output = tmp_path / (augment or "plain")
        quietly(Settings(augment=augment, epochs=1, learning_rate=1e-30, importance_samples=2), output)
        assert json.loads((output / "config.json").read_text())["settings"]["augment"] == augment
        with (output / "history.csv").open() as file:
            (histories[augment],) = csv.DictReader(file)
    plain, augmented = histories.values()
    assert plain["val_loss"] == augmented["val_loss"]
    assert plain["loss"] != augmented["loss"]
    metrics = [(tmp_path / name / "metrics.json").read_bytes() for name in ("plain", "flip,shift")]
    assert metrics[0] == metrics[1]


def test_a_diverging_run_names_step_and_checkpoint(tmp_path):
    with pytest.raises(TrainingDiverged, match=r"step \d+ is not finite.*checkpoint\.keras"):
        quietly(Settings(learning_rate=1e18, **TINY), tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run.unfinished"]
    checkpoint = tmp_path / "run.unfinished/checkpoint.keras"
    import keras

    assert all(np.isfinite(weight).all() for weight in keras.models.load_model(checkpoint).get_weights())


@pytest.mark.slow
@pytest.mark.compiled
def test_the_default_more_than_halves_the_negative_elbo(tmp_path):
    metrics = quietly(Settings(), tmp_path / "run")
    assert -metrics["test"]["elbo"] < 0.5 * -metrics["untrained"]["elbo"]
    assert -metrics["test"]["elbo"] < 105  # 95 when this was written


@pytest.mark.parametrize(
    "bad", [{"epochs": 0}, {"batch_size": 0}, {"latent_dim": -1}, {"learning_rate": 0.0}, {"importance_samples": 0}]
)
def test_settings_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Settings(**bad)


def test_a_sampler_is_fitted_as_far_as_there_are_images(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "draw_pictures", lambda *arguments: None)
    np.save(tmp_path / "own.npy", np.random.default_rng(0).integers(0, 256, [70, 8, 8, 1], np.uint8))
    small = {"dataset": str(tmp_path / "own.npy"), "preset": "digits_mlp", "epochs": 1, "importance_samples": 1}
    found = {}
    for sampler in (None, 2, 100):
        quietly(Settings(sampler=sampler, latent_dim=2, **small), tmp_path / str(sampler))
        model, _ = load_run(tmp_path / str(sampler))
        found[sampler] = model.sampler and model.sampler.num_components
    assert found == {None: None, 2: 2, 100: 3}  # 63 training images
