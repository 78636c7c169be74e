"""`train(resume=True)`: what it goes on with, what it refuses, and what it leaves."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from keras_vae.checkpoints.folder import checkpoints_in
from keras_vae.checkpoints.format import PARTIAL, read_state, write_state
from keras_vae.checkpoints.preemption import Preempted, Preemption
from keras_vae.models import compile_options
from keras_vae.runs import run_folder
from keras_vae.runs import train as training
from keras_vae.runs.run_folder import check_free, how_to_go_on, load_run
from keras_vae.runs.settings import Settings
from keras_vae.runs.train import train

FULL = Path("/dev/full")  # every write to it fails with ENOSPC, as on a full disk
SETTINGS = {"epochs": 2, "batch_size": 128, "latent_dim": 2, "importance_samples": 1}


@pytest.fixture(autouse=True)
def short_calls(monkeypatch):
    monkeypatch.setattr(compile_options, "STEPS_PER_EXECUTION", 4)


def run(output, changes=None, **arguments):
    text = io.StringIO()
    train(Settings(**{**SETTINGS, **(changes or {})}), output, console=Console(file=text, width=300), **arguments)
    return text.getvalue()


class Asked(Preemption):
    """Was asked to end before the training begins: it ends with a checkpoint after its first call."""

    asked = property(lambda self: self._deferred, lambda self, value: None)


def interrupt(output, changes=None, **arguments):
    with pytest.raises(Preempted):
        run(output, changes, preemption=Asked(), **arguments)
    return unfinished_checkpoints(output)


def unfinished_checkpoints(output):
    return checkpoints_in(run_folder.unfinished(output) / run_folder.CHECKPOINTS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile_options, "STEPS_PER_EXECUTION", 4)
        run(output)
    return output


def assert_same_runs(one, two):
    assert {path.name for path in one.iterdir()} == {path.name for path in two.iterdir()}
    for path in one.iterdir():
        if path.name not in ("model.keras", "config.json"):  # these hold the time
            assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    models = [load_run(run)[0] for run in (one, two)]
    for first, second in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(first, second)


def test_an_interrupted_run_ends_as_the_uninterrupted_one(tmp_path, whole):
    output = tmp_path / "run"
    (checkpoint,) = interrupt(output)
    assert checkpoint.name == "step-000000004.checkpoint"
    assert [path.name for path in run_folder.unfinished(output).iterdir()] == ["checkpoints"]
    assert how_to_go_on(output).endswith(f"{checkpoint}; go on with the same arguments and --resume")
    with pytest.raises(
        ValueError, match="interrupted training: expected none; continue it with --resume, or start again with --over"
    ):
        check_free(output, overwrite=False)
    # What a kill in the middle of writing leaves, and a later file of the run.
    (checkpoint.parent / PARTIAL).write_bytes(b"half")
    (run_folder.unfinished(output) / "bundle").mkdir()
    assert "resuming epoch 1 after 4 of its batches, from step-000000004" in run(output, resume=True)
    assert_same_runs(whole, output)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    with pytest.raises(
        ValueError, match=r"holds a finished run: expected an interrupted one; there is nothing to resume"
    ):
        run(output, resume=True)


def test_an_augmented_run_goes_on_with_the_same_augmentation_and_muon(tmp_path, whole):
    changes = {"augment": "flip,shift", "optimizer": "muon"}
    run(tmp_path / "uninterrupted", changes)
    interrupt(tmp_path / "run", changes)
    for augment in ("flip", ""):
        with pytest.raises(ValueError, match=f"augment is '{augment}' where it was 'flip,shift'"):
            run(tmp_path / "run", {"augment": augment}, resume=True)
    run(tmp_path / "run", changes, resume=True)
    assert_same_runs(tmp_path / "uninterrupted", tmp_path / "run")
    assert (tmp_path / "run/history.csv").read_bytes() != (whole / "history.csv").read_bytes()


def test_a_damaged_checkpoint_is_passed_over_with_a_note(tmp_path, whole):
    output = tmp_path / "run"
    interrupt(output)
    newest = interrupt(output, resume=True)[0]
    assert newest.name == "step-000000008.checkpoint"
    newest.write_bytes(newest.read_bytes()[:-100])
    said = run(output, resume=True)
    assert "note: " in said
    assert "step-000000008.checkpoint is cut short or changed" in said
    assert "from step-000000004.checkpoint" in said
    assert_same_runs(whole, output)


def test_what_is_refused(tmp_path):
    output = tmp_path / "run"
    with pytest.raises(
        ValueError, match=r"run\.unfinished holds no checkpoint: expected one to resume; leave out --resume"
    ):
        run(output, resume=True)
    (checkpoint,) = interrupt(output)
    before = checkpoint.read_bytes()
    with pytest.raises(
        ValueError,
        match=r"epochs is 3 where it was 2, seed is 9 where it was 0\): expected those of the first call; repeat",
    ):
        run(output, {"epochs": 3, "seed": 9}, resume=True)
    with pytest.raises(ValueError, match=r"dataset is '/.*' where it was 'digits'"):
        run(output, {"dataset": str(tmp_path)}, resume=True)
    # Left out, an argument means the preset's own, which may differ from what was given.
    with pytest.raises(ValueError, match="latent_dim is 8 where it was 2"):
        run(output, {"latent_dim": None}, resume=True)
    checkpoint.write_bytes(before[:1000])
    with pytest.raises(ValueError, match=r"no checkpoint in .* is complete \(.*cut short or changed"):
        run(output, resume=True)
    facts, state = read_state(_rewritten(checkpoint, before))
    write_state(checkpoint, facts, state[:-1])
    with pytest.raises(ValueError, match="is from another model, which has"):
        run(output, resume=True)
    # A refusal leaves everything as it was.
    assert unfinished_checkpoints(output) == [checkpoint]


def _rewritten(path, content):
    path.write_bytes(content)
    return path


def test_images_that_changed_are_refused(tmp_path):
    def draw(number, value):
        Image.fromarray(np.full([16, 16], value, np.uint8)).save(tmp_path / "images" / f"{number}.png")

    (tmp_path / "images").mkdir()
    for number in range(20):
        draw(number, 10 * number)
    changes = {"dataset": str(tmp_path / "images"), "preset": "image_conv", "batch_size": 2}
    interrupt(tmp_path / "run", changes)
    draw(3, 255)
    with pytest.raises(ValueError, match=r"has other images, those of (train|test) changed since: expected"):
        run(tmp_path / "run", changes, resume=True)


def test_labels_that_changed_are_refused_where_they_are_trained_on(tmp_path):
    """An image moved from the end of a class to the beginning of the next: the pixels are the same, row by row."""
    for split, count in (("train", 10), ("test", 2)):
        for number in range(2 * count):
            path = tmp_path / "images" / split / ("cat", "dog")[number // count] / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full([8, 8], 10 * number, np.uint8)).save(path)
    changes = {"dataset": str(tmp_path / "images"), "preset": "digits_mlp", "batch_size": 2}
    interrupt(tmp_path / "run", changes | {"conditional": True})
    interrupt(tmp_path / "without", changes)
    (tmp_path / "images/train/cat/09.png").rename(tmp_path / "images/train/dog/09.png")
    with pytest.raises(ValueError, match="has other labels, those of train changed since: expected the same"):
        run(tmp_path / "run", changes | {"conditional": True}, resume=True)
    run(tmp_path / "without", changes, resume=True)


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_at_a_checkpoint_keeps_the_one_before(tmp_path, whole, monkeypatch):
    output = tmp_path / "run"
    (first,) = interrupt(output)
    partial = first.parent / PARTIAL
    partial.symlink_to(FULL)
    with pytest.raises(
        OSError, match=r"the disk is full; make room .*; kept: .*checkpoints; then go on with --resume"
    ) as full:
        run(output, resume=True, checkpoint_every=1)
    assert "\n" not in str(full.value)
    assert unfinished_checkpoints(output) == [first]
    run(output, resume=True)
    assert_same_runs(whole, output)


def test_a_run_killed_after_its_training_is_judged_and_drawn_again(tmp_path, whole, monkeypatch):
    def fail(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "draw_pictures", fail)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "run")
    run(tmp_path / "run", resume=True)
    assert_same_runs(whole, tmp_path / "run")


def test_overwriting_an_earlier_run_can_be_resumed(tmp_path, whole):
    output = tmp_path / "run"
    output.mkdir()
    (output / "config.json").write_text(json.dumps({"settings": {}}))
    interrupt(output, overwrite=True)
    with pytest.raises(ValueError, match="already holds a run"):
        run(output, resume=True)
    run(output, resume=True, overwrite=True)
    assert_same_runs(whole, output)
