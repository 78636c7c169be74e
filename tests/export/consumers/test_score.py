"""The bundle's score.py, in a process of its own without TensorFlow, against Keras."""

import csv
import importlib
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from keras_vae.data.resize import resize_and_crop
from keras_vae.export import export_bundle
from keras_vae.models.vae import VAE

NAMES = ["cat", "dog"]


@pytest.fixture(scope="module")
def model():
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [6]}, classes=NAMES)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.3 * rng.normal(size=weight.shape))
    return model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 256, (40, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def bundle(model, images, tmp_path_factory):
    normal = [(images.astype("float32") / 255, np.full(len(images), 1))]
    return export_bundle(model, tmp_path_factory.mktemp("scored") / "bundle", normal_data=normal, false_alarm_rate=0.25)


@pytest.fixture
def pictures(images, tmp_path):
    folder = tmp_path / "pictures" / "inner"
    folder.mkdir(parents=True)
    for number, image in enumerate(images[:18]):  # more than a call takes
        Image.fromarray(image[..., 0]).save(folder / f"{number:02}.png")
    return tmp_path / "pictures"


def score_py(bundle, *arguments):
    blocked = "import sys; sys.modules.update(tensorflow=None, keras=None, keras_vae=None)\n"
    code = f"{blocked}sys.path.insert(0, sys.argv[1]); import score; sys.exit(score.main(sys.argv[2:]))"
    command = [sys.executable, "-c", code, bundle, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines(keepends=True) if not line.startswith("INFO: Created TensorFlow")]
    return done.returncode, done.stdout, "".join(said)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("runtime", ["tflite", "onnx"])
def test_it_tells_score_and_verdict_as_keras_does(bundle, model, images, pictures, tmp_path, runtime):
    output = tmp_path / "scores.csv"
    status, printed, error = score_py(
        bundle, pictures, "--label", "dog", "--seed", 0, "--runtime", runtime, "--output", output
    )
    assert (status, error) == (0, "")
    rows = rows_of(output)
    elbos = [float(row["elbo"]) for row in rows]
    assert elbos == sorted(elbos)
    expected = model.score(images[:18].astype("float32") / 255, label="dog")
    by_row = sorted(rows, key=lambda row: int(row["row"]))
    for name in expected._fields:
        found = [float(row[name]) for row in by_row]
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-4, atol=1e-3)
    # the same images in the same rows gave the threshold, which a quarter of forty is below
    whole = np.sort(model.score(images.astype("float32") / 255, label="dog").elbo)
    threshold = whole[10]
    assert [row["verdict"] for row in rows] == ["unusual" if elbo < threshold - 1e-4 else "usual" for elbo in elbos]
    assert (
        f"scores of 18 pictures, {sum(elbo < threshold - 1e-4 for elbo in elbos)} of them unusual (ELBO below"
        in printed
    )


def test_keras_vae_score_says_the_same(bundle, pictures, tmp_path, capsys):
    from keras_vae.command_line.application import main

    score_py(bundle, pictures, "--label", "dog", "--output", tmp_path / "by_itself.csv")
    main(["score", str(bundle), str(pictures), "--label", "dog", "--output", str(tmp_path / "scores.csv")])
    assert re.search(r"of them unusual \(ELBO below -\d+\.\d\d nats\), in", capsys.readouterr().out)
    one, other = rows_of(tmp_path / "by_itself.csv"), rows_of(tmp_path / "scores.csv")
    assert [row["file"] for row in one] == [row["file"] for row in other]
    assert [row["verdict"] for row in one] == [row["verdict"] for row in other]
    assert {row["label"] for row in other} == {"dog"}
    assert (tmp_path / "scores.png").is_file()


@pytest.fixture
def module(bundle, monkeypatch):
    monkeypatch.syspath_prepend(bundle)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield importlib.import_module("score")
    for name in ("score", "generate"):
        del sys.modules[name]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("given", [(40, 64), (65, 33), (9, 7), (5, 400), (16, 24)])
def test_pictures_of_other_sizes_are_resized_as_in_training(module, tmp_path, given, channels):
    image = np.random.default_rng(2).integers(0, 256, (*given, channels), np.uint8)
    Image.fromarray(image.squeeze()).save(tmp_path / "a.png")
    found = 255 * module.read(tmp_path / "a.png", [16, 24, channels])
    expected = resize_and_crop(image, (16, 24))
    assert found.shape == expected.shape
    shown = slice(None) if channels != 4 else expected[..., 3] > 0  # colours that are not seen are of no account
    np.testing.assert_array_equal(np.rint(found)[shown], expected[shown])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("PICTURES",), "--label is None: expected a class where the model has some"),
        (("PICTURES", "--label", "owl"), "--label is owl: expected cat, dog"),
        (("PICTURES/none", "--label", "cat"), "none is not a file or folder"),
        (("EMPTY", "--label", "cat"), "holds no pictures: expected files that end in .png"),
        (("DEEP", "--label", "cat"), "has more than 8 bits per channel"),
        (("CUT", "--label", "cat"), "cannot be read"),
        (("PICTURES", "--label", "cat", "--output", "scores.txt"), "scores.txt is no .csv file"),
        (("PICTURES", "--label", "cat", "--seed", 2**31), "--seed is 2147483648: expected"),
        (("PICTURES", "--label", "cat", "--runtime", "onnx", "--precision", "float16"), "no onnx file of precision"),
    ],
)
def test_a_mistake_is_one_line(bundle, pictures, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(tmp_path / "deep.png")
    (tmp_path / "cut.png").write_bytes((pictures / "inner/00.png").read_bytes()[:40])
    places = {"PICTURES": pictures, "EMPTY": tmp_path / "empty", "DEEP": tmp_path / "deep.png", "CUT": "cut.png"}
    arguments = [str(each) for each in arguments]
    for name, place in places.items():
        arguments = [each.replace(name, str(place)) for each in arguments]
    status, printed, error = score_py(bundle, *arguments)
    assert (status, printed, error.count("\n")) == (2, "", 1)
    assert error.startswith("score.py: ")
    assert message in error
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize("runtime", ["tflite", "onnx"])
def test_a_file_that_no_runtime_loads_is_one_line(bundle, pictures, tmp_path, runtime):
    broken = tmp_path / "broken"
    shutil.copytree(bundle, broken, ignore=shutil.ignore_patterns("saved_model"))
    file = {"tflite": "tflite/vae.tflite", "onnx": "onnx/score.onnx"}[runtime]
    (broken / file).write_bytes(b"no model")
    arguments = (broken, pictures, "--label", "dog", "--runtime", runtime, "--output", tmp_path / "scores.csv")
    for more, words in (((), f"{file} has bytes 8: expected"), (("--unchecked",), f"{file} does not run")):
        status, printed, error = score_py(*arguments, *more)
        assert (status, printed, error.count("\n")) == (2, "", 1)
        assert words in error
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&- <&-"])
def test_standard_streams_that_are_closed_end_nothing_nor_change_the_bundle(bundle, pictures, tmp_path, streams):
    before = sorted(bundle.rglob("*"))
    command = [sys.executable, bundle / "score.py", pictures, "--label=dog", "--output", tmp_path / "scores.csv"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = ["sh", "-c", f'"$@" {streams}', "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert sorted(bundle.rglob("*")) == before  # no __pycache__, which verify refuses
    assert len(rows_of(tmp_path / "scores.csv")) == 18
