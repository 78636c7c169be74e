"""score, as a person types it."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from keras_vae.models.vae import VAE
from keras_vae.runs.settings import Settings


def write_run(folder, **changes):
    """A run of an untrained model: what the command reads of one."""
    folder.mkdir()
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, **changes)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.3 * rng.normal(size=weight.shape))
    model.save(folder / "model.keras")
    (folder / "config.json").write_text(json.dumps({"settings": dataclasses.asdict(Settings())}))
    return folder, model


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run") / "parts")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Twelve gray pictures, one of them larger, and one in a folder."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "dog").mkdir()
    rng = np.random.default_rng(1)
    for number in range(12):
        size = 20 if number == 3 else 8
        name = f"dog/{number}.png" if number == 7 else f"{number:02}.png"
        Image.fromarray(rng.integers(0, 256, (size, size), np.uint8)).save(folder / name)
    return folder


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_sorted_by_the_most_unusual_and_their_picture(keras_vae, run, pictures, tmp_path):
    folder, model = run
    output = tmp_path / "scores.csv"
    status, printed, error = keras_vae("score", folder, pictures, "--output", output, "--seed", 3)
    assert (status, error) == (0, "")
    assert f"scores of 12 pictures (1 of them changed to the model's 8 x 8 x 1) in {output}" in printed
    rows = rows_of(output)
    assert printed.endswith(f"scores.png: {rows[0]['file']}\n")
    elbos = [float(row["elbo"]) for row in rows]
    assert elbos == sorted(elbos)
    assert sorted(int(row["row"]) for row in rows) == list(range(12))
    files = sorted(pictures.rglob("*.png"), key=lambda path: path.parts)
    by_row = {int(row["row"]): row for row in rows}
    assert [by_row[number]["file"] for number in range(12)] == [str(path) for path in files]
    exact = [number for number, path in enumerate(files) if path.name != "03.png"]  # which was shrunk
    images = np.array([np.asarray(Image.open(files[number]))[..., None] / 255 for number in exact], "float32")
    expected = model.score(images, seed=3, index=exact)
    for name in expected._fields:
        found = [float(by_row[number][name]) for number in exact]
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-4, atol=1e-3)
    with Image.open(tmp_path / "scores.png") as picture:
        assert picture.width > 10 * 64
        assert picture.height > 3 * 64


def test_more_samples_another_seed_and_single_files(keras_vae, run, pictures, tmp_path):
    folder, model = run
    status, _, _ = keras_vae(
        "score", folder, pictures / "00.png", "--output", tmp_path / "a.csv", "--importance-samples", 3, "--seed", -1
    )
    assert status == 0
    (row,) = rows_of(tmp_path / "a.csv")
    image = np.asarray(Image.open(pictures / "00.png"))[None, ..., None].astype("float32") / 255
    assert float(row["bound"]) == pytest.approx(float(model.score(image, 3, -1).bound[0]), abs=1e-3)


def test_labels_come_from_folders_or_from_the_option(keras_vae, pictures, tmp_path):
    folder, _ = write_run(tmp_path / "run", classes=["cat", "dog"])
    output = tmp_path / "a.csv"
    assert keras_vae("score", folder, pictures / "dog", "--output", output)[0] == 0
    (row,) = rows_of(output)
    assert row["label"] == "dog"
    assert keras_vae("score", folder, pictures / "dog", "--output", output, "--label", "cat")[0] == 0
    (other,) = rows_of(output)
    assert other["label"] == "cat"
    assert other["elbo"] != row["elbo"]
    status, _, error = keras_vae("score", folder, pictures, "--output", output)
    assert (status, error.count("\n")) == (2, 1)
    assert "label of " in error
    assert "expected it in a folder called cat, dog" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "FOLDER_OR_FILES is missing"),
        (("PICTURES", "--importance-samples", 0), "importance_samples is 0: expected at least 1"),
        (("PICTURES", "--seed", 2**31), "seed is 2147483648: expected an int32"),
        (("PICTURES", "--output", "scores.txt"), "output scores.txt is not a CSV file"),
        (("PICTURES", "--output", "PICTURES/scores.csv"), "would be written among the pictures of"),
        (("absent",), "absent is not a file or folder"),
        (("PICTURES", "--label", "cat"), "label is 'cat': expected none, since the model has no classes"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(keras_vae, run, pictures, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    arguments = [str(each).replace("PICTURES", str(pictures)) for each in arguments]
    status, printed, error = keras_vae("score", run[0], *arguments)
    assert (status, printed, error.count("\n")) == (2, "", 1)
    assert message in error
    assert not list(tmp_path.iterdir())


def test_deep_pictures_are_as_bright_as_in_training(keras_vae, tmp_path):
    rng = np.random.default_rng(0)
    for split, count in (("train", 20), ("test", 4)):
        (tmp_path / "deep" / split).mkdir(parents=True)
        for number in range(count):
            image = rng.integers(0, 4000, (8, 8)).astype(np.uint16)
            Image.fromarray(image).save(tmp_path / "deep" / split / f"{number}.png")
    folder = tmp_path / "run"
    small = ("--preset", "digits_mlp", "--latent-dim", 2, "--epochs", 1, "--importance-samples", 1)
    status, _, error = keras_vae("train", "--dataset", tmp_path / "deep", *small, "--output", folder)
    assert status == 0, error
    assert json.loads((folder / "metrics.json").read_text())["test"]["whites"] == [4095, 1]
    dim = tmp_path / "dim.png"
    Image.fromarray(rng.integers(0, 900, (8, 8)).astype(np.uint16)).save(dim)
    bright = tmp_path / "deep" / "test" / "0.png"
    elbos = []
    for source in (folder, folder / "bundle"):
        for more in ((), (bright,)):
            output = tmp_path / f"scores_{len(elbos)}.csv"
            status, _, error = keras_vae("score", source, dim, *more, "--output", output)
            assert (status, error) == (0, "")
            elbos.append(next(float(row["elbo"]) for row in rows_of(output) if row["file"] == str(dim)))
    np.testing.assert_allclose(elbos, elbos[0], rtol=1e-4)


def test_a_run_that_is_none_is_told_before_anything_is_read(keras_vae, pictures, tmp_path):
    status, _, error = keras_vae("score", tmp_path, pictures, "--output", tmp_path / "a.csv")
    assert (status, error.count("\n")) == (2, 1)
    assert "holds no run" in error


def test_a_precision_is_that_of_a_file_of_the_run_s_bundle(keras_vae, run, pictures, tmp_path):
    folder, _ = run
    output = tmp_path / "scores.csv"
    status, _, error = keras_vae("score", folder, pictures, "--precision", "float16", "--output", output)
    assert (status, len(error.splitlines()), output.exists()) == (2, 1, False)
    assert "bundle" in error
