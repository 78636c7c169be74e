"""Whatever somebody wrote into a run folder: one line, status 2, and nothing is changed."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from keras_vae.checkpoints.format import write_state
from keras_vae.export.consumers import explore

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

    def run(*arguments, expected=2, begins="keras-vae: error: "):
        before = content()
        status, _, error = keras_vae(*arguments)
        lines = [line for line in error.splitlines() if line.startswith(begins)]
        assert status == expected, error
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


def change_manifest(**changes):
    def change(bundle):
        manifest = json.loads((bundle / "manifest.json").read_text())
        (bundle / "manifest.json").write_text(json.dumps({**manifest, **changes}))

    return change


def turn_over(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def replace_by_link(path):
    path.rename(path.parents[2] / "elsewhere")
    path.symlink_to(path.parents[2] / "elsewhere")


# What was done to a bundle, and what the line says.
DAMAGED = {
    "an empty manifest": (lambda bundle: (bundle / "manifest.json").write_bytes(b""), "manifest.json is not JSON"),
    "a manifest of lists": (
        lambda bundle: (bundle / "manifest.json").write_bytes(b"[" * 100_000 + b"]" * 100_000),
        "manifest.json is not JSON",
    ),
    "another schema": (change_manifest(schema_version=2), "manifest.json has schema_version 2"),
    "no artifacts": (change_manifest(artifacts={}), "manifest.json "),
    "a manifest elsewhere": (lambda bundle: replace_by_link(bundle / "manifest.json"), "manifest.json"),
    "a file cut short": (lambda bundle: (bundle / "onnx/decode.onnx").write_bytes(b"cut"), "onnx/decode.onnx has 3 by"),
    "another byte": (lambda bundle: turn_over(bundle / "onnx/score.onnx"), "onnx/score.onnx has SHA-256 "),
    "a file elsewhere": (lambda bundle: replace_by_link(bundle / "onnx/encode.onnx"), "onnx/encode.onnx points out"),
    "a file less": (lambda bundle: (bundle / "golden.json").unlink(), "golden.json is missing"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_benchmark_and_explore_of_a_damaged_bundle(run, tmp_path, refused, monkeypatch, damage):
    """Of a run and by itself; benchmark has the status of verify."""
    monkeypatch.setattr(explore, "serve", lambda *arguments, **options: pytest.fail("it was served"))
    bundle = shutil.copytree(run / "bundle", tmp_path / "run/bundle")
    write, says = DAMAGED[damage]
    write(bundle)
    for source in (bundle, bundle.parent):
        assert says in refused("explore", source)
        benchmark = ("benchmark", source, "--output", tmp_path / "measured")
        assert says in refused(*benchmark, expected=1, begins="keras-vae: ")


@pytest.mark.parametrize("write", [Path.mkdir, Path.touch, lambda path: path.symlink_to(path), lambda path: None])
def test_benchmark_and_explore_of_a_run_without_its_bundle(tampered, refused, write):
    write(tampered / "bundle")
    for command in (("explore",), ("benchmark", "--output", tampered.parent / "measured")):
        assert "has no manifest.json: expected a bundle" in refused(*command, tampered)


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
