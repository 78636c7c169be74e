"""Whatever somebody wrote into a run folder: one line, status 2, and nothing is changed."""

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_vae.checkpoints.format import write_state

WRONG = {
    "an unknown setting": {"colour": "red"},
    "a number for text": {"dataset": 3},
    "a list for text": {"dataset": ["digits"]},
    "no dataset": {"dataset": None},
    "half a character": {"dataset": "\ud800"},
    "a null character": {"dataset": "digits\0"},
    "text for a number": {"seed": "seven"},
    "no seed": {"seed": None},
    "a huge seed": {"seed": 10**30},
    "a list for a number": {"epochs": [1]},
    "true for a number": {"batch_size": True},
    "infinite learning": {"learning_rate": 1e999},
    "text for a switch": {"skip_corrupt": "no"},
    "a precision that there is not": {"precision": "float8"},
    "a binarisation that there is not": {"binarize": "sometimes"},
    "an object for a part": {"prior": {}},
}
NO_SETTINGS = {
    "empty": b"",
    "cut short": b'{"settings": {',
    "a list": b"[]",
    "no settings": b"{}",
    "settings that are a number": b'{"settings": 3}',
    "nested deeply": b"[" * 100_000 + b"]" * 100_000,
    "another encoding": '{"settings": {"dataset": "caf\xe9"}}'.encode("latin-1"),
    "digits beyond Python's limit": b'{"settings": {"seed": ' + b"1" * 5000 + b"}}",
    "a key twice": b'{"settings": {"seed": 1}, "settings": {"seed": 2}}',
    "NaN": b'{"settings": {"seed": NaN}}',
}


@pytest.fixture
def tampered(run, tmp_path):
    """A copy of a run to write into, without its bundle."""
    return shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns("bundle"))


@pytest.fixture
def refused(keras_vae, tmp_path):
    """Runs a command that must end with status 2 in one line, and leave everything as it was."""

    def content():
        return {path: path.read_bytes() if path.is_file() else None for path in tmp_path.rglob("*")}

    def run(*arguments):
        before = content()
        status, _, error = keras_vae(*arguments)
        lines = [line for line in error.splitlines() if line.startswith("keras-vae: error: ")]
        assert status == 2, error
        assert len(lines) == 1, error
        assert "Traceback" not in error
        assert ": expected " in lines[0]
        assert len(lines[0]) < 1000
        assert content() == before
        return lines[0]

    return run


@pytest.fixture
def picture(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def write_settings(run, changes):
    config = json.loads((run / "config.json").read_text())
    config["settings"] |= changes
    (run / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings(tampered, refused, picture, wrong):
    write_settings(tampered, WRONG[wrong])
    refused("evaluate", tampered, "--importance-samples", 1)
    refused("export", tampered, "--output", tampered.parent / "out")
    if wrong not in ("half a character", "a null character"):  # which no dataset has: `score` opens none
        refused("score", tampered, picture, "--output", picture.with_name("scores.csv"))


@pytest.mark.parametrize("wrong", NO_SETTINGS)
def test_what_holds_no_settings(tampered, refused, picture, wrong):
    (tampered / "config.json").write_bytes(NO_SETTINGS[wrong])
    score = ("score", tampered, picture, "--output", picture.with_name("scores.csv"))
    for command in (("evaluate", tampered), ("generate", tampered), score, ("export", tampered, "--output", "out")):
        assert "config.json" in refused(*command)


@pytest.mark.parametrize("wrong", [*NO_SETTINGS.values(), b'"x"', b'{"test": []}', b"null"])
def test_wrong_metrics(tampered, refused, wrong):
    (tampered / "metrics.json").write_bytes(wrong)
    assert "metrics.json" in refused("export", tampered, "--output", tampered.parent / "out")


def other_model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: path.write_text("{}"),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: other_model().save(path),
    ],
    ids=["empty", "cut short", "no archive", "a folder", "another model"],
)
def test_wrong_models(tampered, refused, picture, write):
    write(tampered / "model.keras")
    score = ("score", tampered, picture, "--output", picture.with_name("scores.csv"))
    for command in (("evaluate", tampered), ("generate", tampered), score, ("export", tampered, "--output", "out")):
        assert "model.keras" in refused(*command)


def test_presets_that_there_are_not(refused, tmp_path):
    for preset in ("", "digits", "../presets/digits_mlp", "digits_mlp.json", "\ud800", "x" * 1000):
        refused("generate", "--preset", preset, "--output", tmp_path / "grid.png")
        refused("export", "--preset", preset, "--output", tmp_path / "bundle")
        refused("train", "--preset", preset, "--output", tmp_path / "run")


FACTS = {
    "no facts": lambda facts: {},
    "no training": lambda facts: {**facts, "training": 3},
    "a training of nothing": lambda facts: {**facts, "training": {}},
    "an epoch in words": lambda facts: {**facts, "epoch": "first"},
    "a history of numbers": lambda facts: {**facts, "history": {"loss": 3}},
    "nothing about it": lambda facts: {**facts, "about": {}},
    "settings that are a list": lambda facts: {**facts, "about": {**facts["about"], "settings": []}},
    "an unknown setting": lambda facts: {**facts, "about": {**facts["about"], "settings": {"colour": "red"}}},
    "other images": lambda facts: {**facts, "about": {**facts["about"], "images": {"train": 3}}},
    "versions in numbers": lambda facts: {**facts, "versions": {"keras": 3}},
    "an unknown package": lambda facts: {**facts, "steps": 10**30, "versions": {"no-such-package": "1"}},
}
ABOUT = {"settings": {}, "images": {}}
WHOLE = {
    "about": ABOUT,
    "epoch": 0,
    "batch": 1,
    "steps": 12,
    "history": {},
    "also": {},
    "versions": {},
    "training": {"model": "VAE", "optimizer": "Adam", "jit_compile": True, "steps_per_execution": 32},
}


@pytest.mark.compiled  # as the facts say
@pytest.mark.parametrize("wrong", FACTS)
def test_a_checkpoint_with_a_right_hash_and_wrong_facts(refused, tmp_path, wrong):
    folder = tmp_path / "run.unfinished" / "checkpoints"
    folder.mkdir(parents=True)
    write_state(folder / "step-000000001.checkpoint", FACTS[wrong](WHOLE), [np.zeros(3)])
    refused("train", "--resume", "--epochs", 1, "--output", tmp_path / "run")
