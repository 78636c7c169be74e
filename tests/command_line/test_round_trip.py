"""train, evaluate and generate on a folder of a person's own images, in colour and of mixed sizes."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_vae.command_line.application import main


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    for number in range(14):
        rng = np.random.default_rng(number)
        suffix = "jpg" if number % 2 else "png"
        pixels = rng.integers(0, 256, (16 + number, 30 - number, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.{suffix}")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:60])
    return folder


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    output = tmp_path_factory.mktemp("runs") / "below" / "own"
    arguments = ["--image-size", "16", "--epochs", "1", "--latent-dim", "3", "--importance-samples", "2"]
    main(["train", "--no-bundle", "--dataset", str(images), "--skip-corrupt", *arguments, "--output", str(output)])
    return output


def test_a_run_skips_what_is_corrupt_and_records_the_rest(run, images):
    config = json.loads((run / "config.json").read_text())
    assert config["settings"]["dataset"] == str(images)
    assert config["settings"]["skip_corrupt"] is True
    assert config["settings"]["preset"].startswith("image_")
    assert config["model"]["image_shape"] == [16, 16, 3]
    assert config["model"]["latent_dim"] == 3
    assert [path.name for path in run.parent.iterdir()] == [run.name]


def test_evaluate_repeats_the_figures_of_the_run(run, capsys):
    # The same images, samples and seed as at the end of training.
    main(["evaluate", str(run), "--importance-samples", "2", "--json"])
    figures = json.loads(capsys.readouterr().out)
    recorded = json.loads((run / "metrics.json").read_text())["test"]
    assert figures.keys() == recorded.keys()
    assert figures["elbo"] == pytest.approx(recorded["elbo"], rel=1e-5)
    assert figures["nll"] == pytest.approx(recorded["nll"], rel=1e-5)

    main(["evaluate", str(run), "--importance-samples", "2", "--seed", "5", "--json"])
    assert json.loads(capsys.readouterr().out)["nll"] != figures["nll"]


def test_evaluate_on_another_split_and_as_a_table(run, capsys):
    main(["evaluate", str(run), "--importance-samples", "2", "--split", "train"])
    shown = capsys.readouterr().out
    assert "train images" in shown
    for figure in ("bits per dimension", "elbo", "reconstruction", "kl", "nll", "active units"):
        assert figure in shown


def test_generate_is_equal_for_an_equal_seed(run, tmp_path, capsys):
    for name, options in (("a", ["7"]), ("b", ["7"]), ("c", ["8"]), ("d", ["7", "--temperature", "0.1"])):
        output = tmp_path / f"{name}.png"
        main(["generate", str(run), "--count", "5", "--seed", *options, "--output", str(output)])
        assert f"5 images of seed {options[0]}" in capsys.readouterr().out
    a, b, c, d = ((tmp_path / f"{name}.png").read_bytes() for name in "abcd")
    assert a == b
    assert len({a, c, d}) == 3
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGB"
        assert min(picture.size) >= 32


@pytest.mark.parametrize("split", ["train", "test"])
def test_gray_images_in_one_split_and_colour_in_the_other(tmp_path, split):
    for name in ("train", "test"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
            image = Image.fromarray(pixels).convert("L" if name == split else "RGB")
            image.save(tmp_path / "images" / name / f"{number}.png")
    options = ["--epochs", "1", "--importance-samples", "1", "--output", str(tmp_path / "run")]
    main(["train", "--no-bundle", "--dataset", str(tmp_path / "images"), *options])
    main(["evaluate", str(tmp_path / "run"), "--importance-samples", "1"])


def test_overwrite_replaces_the_run_once_the_new_one_is_whole(run, images, capsys):
    before = (run / "metrics.json").read_bytes()
    arguments = ["--image-size", "16", "--epochs", "1", "--latent-dim", "3", "--importance-samples", "2", "--seed", "9"]
    arguments = ["--dataset", str(images), "--skip-corrupt", *arguments, "--output", str(run)]
    with pytest.raises(SystemExit):
        main(["train", "--no-bundle", *arguments])
    assert (run / "metrics.json").read_bytes() == before
    main(["train", "--no-bundle", *arguments, "--overwrite"])
    assert (run / "metrics.json").read_bytes() != before
    assert json.loads((run / "config.json").read_text())["settings"]["seed"] == 9
    assert [path.name for path in run.parent.iterdir()] == [run.name]
    assert "everything is in" in capsys.readouterr().out
