"""What a run leaves behind when it fails: the earlier run as it was, and nothing half-written."""

import errno
import io
import json
import os
from pathlib import Path

import keras
import numpy as np
import pytest
from rich.console import Console

from keras_vae.files.written_whole import write_json
from keras_vae.models.terminate_on_divergence import TrainingDiverged
from keras_vae.runs import run_folder
from keras_vae.runs import train as training
from keras_vae.runs.settings import Settings
from keras_vae.runs.train import train

FULL = Path("/dev/full")  # every write to it fails with ENOSPC, as on a full disk
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
TINY = {"epochs": 2, "importance_samples": 1}


@pytest.fixture
def earlier(tmp_path):
    output = tmp_path / "run"
    output.mkdir()
    (output / "config.json").write_text("the earlier run")
    (output / "model.keras").write_text("the earlier model")
    return output


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def quietly(settings, output, **arguments):
    text = io.StringIO()
    return train(settings, output, console=Console(file=text, width=200), **arguments), text.getvalue()


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(ValueError, match="is a file: expected a folder"):
        run_folder.check_free(tmp_path / "run", overwrite=True)


def test_a_folder_below_a_file_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="choose another output"):
        run_folder.check_free(tmp_path / "file" / "run", overwrite=False)


def test_looking_changes_nothing(tmp_path, earlier):
    before = contents(tmp_path)
    run_folder.check_free(earlier, overwrite=True)
    run_folder.check_free(tmp_path / "new" / "run", overwrite=False)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_folder_at_hand_can_be_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_folder.check_free(Path("."), overwrite=False)


@needs_full
def test_a_disk_that_fills_is_named_and_the_model_kept(tmp_path, earlier):
    before = contents(earlier)
    message = r"the disk is full; make room or choose another --output; kept: .*model\.keras"
    with pytest.raises(OSError, match=message), run_folder.writing(earlier) as folder:
        (folder / "model.keras").write_text("trained")
        (folder / "pictures").mkdir()
        (folder / "pictures" / "half.png").write_text("half")
        (folder / f".metrics.{os.getpid()}.partial.json").symlink_to(FULL)
        write_json({"elbo": 1.0}, folder / "metrics.json")
    assert contents(earlier) == before
    assert contents(tmp_path / "run.unfinished") == {"model.keras": b"trained"}
    assert FULL.exists()


@needs_full
def test_a_disk_full_before_the_model_leaves_nothing(tmp_path):
    with (
        pytest.raises(OSError, match=r"the disk is full.*nothing was kept"),
        run_folder.writing(tmp_path / "r") as folder,
    ):
        (folder / "history.csv").symlink_to(FULL)
        run_folder.write_history({"loss": [1.0]}, folder / "history.csv")
    assert list(tmp_path.iterdir()) == []


def test_other_failures_say_what_they_were(tmp_path):
    with pytest.raises(OSError, match=r"no such device.*choose another --output"), run_folder.writing(tmp_path / "r"):
        raise OSError(errno.ENODEV, "no such device")


def test_remains_of_an_interrupted_run_do_not_enter_the_new_one(tmp_path):
    remains = tmp_path / "run.unfinished"
    remains.mkdir()
    (remains / "interpolation.png").write_text("of another model")
    with run_folder.writing(tmp_path / "run") as folder:
        (folder / "config.json").write_text("{}")
    assert contents(tmp_path / "run") == {"config.json": b"{}"}


def test_a_folder_of_the_users_beside_the_run_is_left_alone(tmp_path, earlier):
    beside = tmp_path / "run.previous"
    beside.mkdir()
    (beside / "thesis.txt").write_text("years of work")
    with run_folder.writing(earlier) as folder:
        (folder / "config.json").write_text("{}")
    assert contents(earlier) == {"config.json": b"{}"}
    assert contents(beside) == {"thesis.txt": b"years of work"}


def test_numbers_that_are_no_json_are_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"), run_folder.writing(tmp_path / "run") as folder:
        write_json({"elbo": float("nan")}, folder / "metrics.json")
    assert list(tmp_path.iterdir()) == []


@needs_full
def test_a_disk_that_fills_at_the_pictures_keeps_the_trained_model(tmp_path, earlier, monkeypatch):
    def fill(model, arrays, x, history, metrics, folder):
        (folder / "samples.png").write_text("half")
        FULL.write_bytes(b"\0" * 10_000)

    monkeypatch.setattr(training, "draw_pictures", fill)
    before = contents(earlier)
    with pytest.raises(OSError, match=r"the disk is full.*kept: .*model\.keras"):
        quietly(Settings(**TINY), earlier, overwrite=True)
    assert contents(earlier) == before
    kept = tmp_path / "run.unfinished"
    assert {path.name for path in kept.iterdir()} == {"checkpoints", "model.keras"}
    assert keras.models.load_model(kept / "model.keras").generate(1).shape == (1, 8, 8, 1)


def test_divergence_keeps_the_last_finite_weights_and_the_earlier_run(tmp_path, earlier):
    before = contents(earlier)
    with pytest.raises(TrainingDiverged) as caught:
        quietly(Settings(learning_rate=1e18, **TINY), earlier, overwrite=True)
    message = str(caught.value)
    checkpoint = tmp_path / "run.unfinished" / "checkpoint.keras"
    assert f"last good checkpoint: {checkpoint} (after epoch 0)" in message
    assert "lower the learning rate" in message
    assert "\n" not in message
    assert contents(earlier) == before
    assert [path.name for path in checkpoint.parent.iterdir()] == ["checkpoint.keras"]
    model = keras.models.load_model(checkpoint)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert np.isfinite(model.generate(2)).all()


def test_an_interruption_keeps_the_last_epoch(tmp_path):
    class Interrupted(Console):
        def print(self, *objects, **options):
            if objects and str(objects[0]).startswith("epoch 2/"):
                raise KeyboardInterrupt
            super().print(*objects, **options)

    text = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        train(Settings(epochs=3, importance_samples=1), tmp_path / "run", console=Interrupted(file=text, width=300))
    checkpoint = tmp_path / "run.unfinished" / "checkpoint.keras"
    assert f"interrupted; last good checkpoint: {checkpoint} (after epoch 2)" in text.getvalue()
    assert [path.name for path in tmp_path.rglob("*")] == ["run.unfinished", "checkpoint.keras"]
    with pytest.raises(
        ValueError, match="interrupted training: expected none; remove it, or start again with --overwrite"
    ):
        run_folder.check_free(tmp_path / "run", overwrite=False)


def test_a_configuration_that_is_json_but_no_run_is_refused(tmp_path):
    for content in ([], {}, {"settings": 3}):
        (tmp_path / "config.json").write_text(json.dumps(content))
        with pytest.raises(ValueError, match=r"config\.json"):
            run_folder.read_settings(tmp_path)
