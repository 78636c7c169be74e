"""Pictures by name: read as a split is, each with its file."""

import unicodedata

import numpy as np
import pytest
from PIL import Image

from keras_vae.data.folder.deep import Whites
from keras_vae.data.folder.load import load_folder
from keras_vae.data.folder.pictures import labels_of_folders, read_pictures


@pytest.fixture
def folder(tmp_path):
    """Pictures of several sizes, modes and depths, in folders, beside what is no picture."""
    rng = np.random.default_rng(0)
    (tmp_path / "own" / "deeper").mkdir(parents=True)
    own = tmp_path / "own"
    Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(own / "gray.png")
    Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)).save(own / "wide.png")
    Image.fromarray(rng.integers(0, 256, (30, 20, 4), np.uint8), "RGBA").save(own / "deeper" / "clear.png")
    Image.fromarray(rng.integers(0, 4000, (16, 16), np.uint16)).save(own / "deep.png")
    Image.fromarray(rng.integers(0, 256, (9, 9), np.uint8)).convert("P").save(own / "palette.gif")
    (own / "notes.txt").write_text("no picture")
    return own


@pytest.mark.parametrize("image_shape", [(8, 8, 1), (12, 10, 3), (8, 8, 4)])
@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
def test_they_are_what_train_reads(folder, image_shape):
    found = read_pictures([folder], image_shape)
    # alone in one folder they would be split into train and test
    (folder.parent / "split").mkdir()
    folder.rename(folder.parent / "split" / "train")
    folder = folder.parent / "split"
    (folder / "test").mkdir()
    Image.new("L", (8, 8)).save(folder / "test" / "other.png")
    expected = load_folder(folder, "train", image_size=image_shape[:2], channels=image_shape[2])
    assert [path.name for path in found.paths] == ["deep.png", "clear.png", "gray.png", "palette.gif", "wide.png"]
    np.testing.assert_array_equal(found.images, expected.images)


def test_files_keep_their_order_and_count_once(folder):
    found = read_pictures([folder / "wide.png", folder / "gray.png", folder / "wide.png"], (8, 8, 1))
    assert [path.name for path in found.paths] == ["wide.png", "gray.png"]
    assert found.images.shape == (2, 8, 8, 1)


def test_a_deep_picture_is_the_same_alone_and_beside_a_brighter_one_under_the_whites_of_training(tmp_path):
    for name, level in (("dim", 900), ("bright", 4000)):
        Image.fromarray(np.full((8, 8), level, np.uint16)).save(tmp_path / f"{name}.png")

    def dim(*names, whites=None):
        found = read_pictures([tmp_path / f"{name}.png" for name in names], (8, 8, 1), whites=whites)
        return found.images[0, 0, 0, 0]

    assert (dim("dim"), dim("dim", "bright")) == (224, 56)
    trained = Whites(integers=4095)
    assert dim("dim", whites=trained) == dim("dim", "bright", whites=trained) == 56
    assert dim("bright", whites=Whites(integers=1023)) == 255  # brighter than white


@pytest.mark.parametrize("value", ["white", [4095], [0, 1], [float("inf"), 1], [None, 1], {"integers": 4095}])
def test_whites_that_no_training_records_are_refused(value):
    with pytest.raises(ValueError, match=r"^whites is .*: expected two numbers above 0"):
        Whites.recorded(value)


def test_what_cannot_be_read_is_refused_or_left_out(folder):
    (folder / "short.jpg").write_bytes(b"\xff\xd8 cut short")
    with pytest.raises(
        ValueError,
        match=r"^1 of 6 images cannot be read \(.*short\.jpg: .*\): expected readable "
        "images",
    ):
        read_pictures([folder], (8, 8, 1))
    assert len(read_pictures([folder], (8, 8, 1), skip_corrupt=True).paths) == 5
    with pytest.raises(ValueError, match=r"^1 of 1 images cannot be read .*; mend them$"):
        read_pictures([folder / "short.jpg"], (8, 8, 1), skip_corrupt=True)


def test_empty_folders_absent_files_and_channels_that_no_picture_has_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").write_text("")
    with pytest.raises(ValueError, match=r"holds no images, passed over 1 file: \.txt 1: expected files that end in"):
        read_pictures([tmp_path / "empty"], (8, 8, 1))
    with pytest.raises(ValueError, match=r"absent\.png is not a file or folder: expected image files"):
        read_pictures([tmp_path / "absent.png"], (8, 8, 1))
    with pytest.raises(ValueError, match="channels is 7: expected"):
        read_pictures([tmp_path], (8, 8, 7))


def test_labels_are_those_that_train_reads(tmp_path):
    """Of the uppermost folder of a class, but for those in which the place itself lies."""
    root = tmp_path / "dog" / "pets"
    paths = [root / "cat" / "dog" / "a.png", root / "dog" / "new" / "b.png", root / "cat" / "c.png"]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 50).save(path)
    names = ["dog", "cat"]
    found = load_folder(root, "train+test")
    assert sorted(found.class_names[label] for label in found.labels) == ["cat", "cat", "dog"]
    wanted = [1, 0, 1]
    read = read_pictures([root], (8, 8, 1)).paths
    assert labels_of_folders(read, [root], 2, names).tolist() == [wanted[paths.index(path)] for path in read]
    assert labels_of_folders(paths[1:], [*paths[1:2], root / "cat"], 2, names).tolist() == wanted[1:]
    with pytest.raises(ValueError, match=r"label of .*a\.png is cat or dog: expected a folder of one class; give the"):
        labels_of_folders(paths[:1], [root / "cat"], 2, names)
    assert labels_of_folders([tmp_path / "1" / "a.png"], [tmp_path], 2, None).tolist() == [1]
    apart = tmp_path / unicodedata.normalize("NFD", "고양이")
    assert labels_of_folders([apart / "a.png"], [tmp_path], 2, ["개", "고양이"]).tolist() == [1]
    with pytest.raises(ValueError, match=r"label of .*b\.png is None: expected it in a folder called owl, emu"):
        labels_of_folders(paths[1:], [root], 2, ["owl", "emu"])
