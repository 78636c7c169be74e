"""Pictures of one's own, by layouts and kinds of files that need a word."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_vae.runs import report
from keras_vae.runs.prepare import load_splits
from keras_vae.runs.settings import Settings

SMALL = ["--preset", "digits_mlp", "--epochs", 1, "--latent-dim", 2, "--importance-samples", 1, "--no-bundle"]


@pytest.fixture
def pictures(tmp_path):
    """Two classes, with images for validation and none for testing, and a stray one."""
    rng = np.random.default_rng(0)
    for name, count in (("Train/cat", 6), ("Train/dog", 5), ("Val/cat", 4), ("Val/dog", 3)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, [8, 8], np.uint8)
            Image.fromarray(pixels).save(tmp_path / "own" / name / f"{number}.png")
    Image.new("L", (8, 8)).save(tmp_path / "own" / "stray.png")
    (tmp_path / "own" / "Val" / "cat" / "raw.nef").write_bytes(b"of a camera")
    return tmp_path / "own"


@pytest.mark.slow
def test_a_folder_is_told_in_a_line_trained_on_and_drawn_with_the_names_of_its_classes(
    keras_vae, pictures, tmp_path, monkeypatch
):
    shown = {}
    draw = report.draw_latent_space

    def noted(means, kl, labels, names, decode):
        shown.update(labels=labels, names=names)
        return draw(means, kl, labels, names, decode)

    monkeypatch.setattr(report, "draw_latent_space", noted)
    status, printed, error = keras_vae(
        "train", *SMALL, "--conditional", "--dataset", pictures, "--output", tmp_path / "run"
    )
    assert status == 0
    assert error == (
        f"note: {pictures}: train 11 (2 classes), validation 7 (2 classes), test as validation; passed over stray.png, "
        "outside of the splits; passed over 1 file: .nef 1\n"
    )
    assert "11 training and 7 test images of 8 x 8 x 1" in " ".join(printed.split())
    assert shown["names"] == ("cat", "dog")
    assert np.bincount(shown["labels"]).tolist() == [4, 3]


def test_a_numpy_file_is_found_again_from_anywhere(tmp_path, monkeypatch):
    np.save(tmp_path / "own.npy", np.random.default_rng(0).integers(0, 256, [40, 8, 8], np.uint8))
    monkeypatch.chdir(tmp_path)
    settings = Settings("own.npy").located()
    monkeypatch.chdir("/")
    arrays = load_splits(settings, tf.distribute.get_strategy())
    assert {split: images.images.shape for split, images in arrays.items()} == {
        "train": (36, 8, 8, 1),
        "test": (4, 8, 8, 1),
    }


@pytest.mark.parametrize("dataset", ["digits:9.9.9", "loop", "absent.npy", "unreadable"])
def test_a_mistake_is_one_line(keras_vae, tmp_path, dataset):
    if dataset == "loop":
        (tmp_path / "loop").mkdir()
        (tmp_path / "loop" / "again").symlink_to(tmp_path / "loop")
    if dataset == "unreadable":
        (tmp_path / "unreadable").mkdir()
        for number in range(3):
            (tmp_path / "unreadable" / f"{number}.jpg").write_bytes(b"\xff\xd8 cut short")
    name = dataset if ":" in dataset else tmp_path / dataset
    status, printed, error = keras_vae("train", *SMALL, "--dataset", name, "--output", tmp_path / "run")
    assert (status, printed, error.count("\n")) == (2, "", 1)
    assert error.startswith("keras-vae: error: ")
    assert not list(tmp_path.glob("run*"))


@pytest.mark.parametrize(("channels", "dataset"), [(0, "digits"), (17, "digits"), (2, "digits"), (3, "of_two.npy")])
def test_channels_that_cannot_be_are_one_line(keras_vae, tmp_path, channels, dataset):
    if dataset != "digits":
        dataset = tmp_path / dataset
        np.save(dataset, np.zeros([40, 8, 8, 2], np.uint8))
    status, printed, error = keras_vae(
        "train", *SMALL, "--channels", channels, "--dataset", dataset, "--output", tmp_path / "run"
    )
    assert (status, printed, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"keras-vae: error: channels is {channels}: expected ")
    assert not list(tmp_path.glob("run*"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* is not a likelihood of these pixels")
def test_transparency_is_trained_on_drawn_and_shown_on_a_checkerboard(keras_vae, tmp_path):
    (tmp_path / "own").mkdir()
    rng = np.random.default_rng(0)
    for number in range(20):
        pixels = rng.integers(0, 256, [8, 8, 4], np.uint8)
        pixels[..., 3] = 0
        Image.fromarray(pixels).save(tmp_path / "own" / f"{number}.png")
    status, printed, _ = keras_vae(
        "train", *SMALL, "--channels", 4, "--dataset", tmp_path / "own", "--output", tmp_path / "run"
    )
    assert status == 0
    assert "images of 8 x 8 x 4" in " ".join(printed.split())
    with Image.open(tmp_path / "run" / "reconstructions.png") as picture:
        colours = {colour for _, colour in picture.getcolors(2**20)}
    assert {(255, 255, 255), (204, 204, 204)} <= colours
    assert keras_vae("generate", tmp_path / "run", "--output", tmp_path / "a.png")[0] == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "RGB"
