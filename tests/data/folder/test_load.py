import numpy as np
import pytest
from PIL import Image

from keras_vae.data.load import is_path, load_arrays

from .drawing import draw, fill


def test_plain_files_are_split_by_the_hash_of_their_path(tmp_path):
    fill(tmp_path / "a", 20)
    fill(tmp_path / "b", 20)
    (tmp_path / "a" / "notes.txt").write_text("no image")
    (tmp_path / "a" / ".hidden.png").write_text("no image either")
    train, test = load_arrays(tmp_path / "a"), load_arrays(tmp_path / "a", "test")
    assert train.images.shape == (18, 8, 8, 1)
    assert test.images.shape == (2, 8, 8, 1)
    assert train.labels is None
    values = [*train.images[:, 0, 0, 0], *test.images[:, 0, 0, 0]]
    assert sorted(values) == list(range(20))
    np.testing.assert_array_equal(test.images, load_arrays(tmp_path / "b", "test").images)
    assert len(load_arrays(tmp_path / "a", "train[:50%]")) == 9
    assert len(load_arrays(tmp_path / "a", "train+test")) == 20


def test_class_folders_give_labels(tmp_path):
    for name, colour in (("cats", 10), ("dogs", 20)):
        for index in range(10):
            draw(tmp_path / name / f"{index}.jpg", colour=colour)
    arrays = load_arrays(tmp_path, "train+test")
    assert arrays.class_names == ("cats", "dogs")
    np.testing.assert_array_equal(arrays.labels, arrays.images[:, 0, 0, 0] // 15)
    assert np.bincount(arrays.labels).tolist() == [10, 10]


def test_an_image_folder_keeps_its_splits_and_classes(tmp_path):
    for split, count in (("train", 5), ("test", 3)):
        for label, name in enumerate(("cats", "dogs")):
            for index in range(count):
                draw(tmp_path / split / name / f"{index}.png", colour=100 * label + index)
            (tmp_path / split / name / ".hidden.png").write_text("no image")
    train, test = load_arrays(tmp_path), load_arrays(tmp_path, "test")
    assert (len(train), len(test)) == (10, 6)
    assert test.class_names == ("cats", "dogs")
    np.testing.assert_array_equal(train.labels, train.images[:, 0, 0, 0] >= 100)
    with pytest.raises(
        ValueError, match=r"split is 'val', which is not a split of .*: .*train \(10 images\), test \(6 images\)"
    ):
        load_arrays(tmp_path, "val")
    draw(tmp_path / "train" / "cats" / "a.bmp")
    assert len(load_arrays(tmp_path)) == 11


def test_split_folders_without_classes_are_splits(tmp_path):
    fill(tmp_path / "train", 4)
    fill(tmp_path / "test", 3)
    assert len(load_arrays(tmp_path)) == 4
    assert len(load_arrays(tmp_path, "test")) == 3


def test_mixed_sizes_and_colours_become_one(tmp_path):
    draw(tmp_path / "a.png", (30, 20), 50)
    draw(tmp_path / "b.bmp", (20, 50), (250, 0, 0), "RGB")
    draw(tmp_path / "deep" / "er" / "c.gif", (100, 100), 7)
    draw(tmp_path / "d.webp", (9, 9), (0, 0, 200), "RGB", lossless=True)
    arrays = load_arrays(tmp_path, "train+test")
    assert arrays.images.shape == (4, 64, 64, 3)
    # every image is of one colour, and stays so
    assert np.ptp(arrays.images, axis=(1, 2)).max() == 0
    assert {tuple(colour) for colour in arrays.images[:, 0, 0].tolist()} == {
        (50, 50, 50),
        (250, 0, 0),
        (7, 7, 7),
        (0, 0, 200),
    }
    assert load_arrays(tmp_path, "train+test", image_size=(12, 16), channels=1).images.shape == (4, 12, 16, 1)


def test_depth_transparency_and_orientation_are_honoured(tmp_path):
    draw(tmp_path / "clear.png", (8, 8), (10, 0), "LA")
    deep = np.full([8, 8], 257 * 90, np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    arrays = load_arrays(tmp_path, "train+test")
    assert arrays.image_shape == (8, 8, 1)
    assert sorted(arrays.images[:, 4, 4, 0]) == [90, 255]

    sideways = np.zeros([4, 6], np.uint8)
    sideways[:, :3] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "exif").mkdir()
    Image.fromarray(sideways).save(tmp_path / "exif" / "turned.png", exif=exif)
    turned = load_arrays(tmp_path / "exif").images[0, :, :, 0]
    np.testing.assert_array_equal(turned, np.rot90(sideways, -1))


def test_corrupt_files_are_named_or_skipped(tmp_path, caplog):
    fill(tmp_path, 20)
    whole = (tmp_path / "03.png").read_bytes()
    (tmp_path / "x_cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "y_empty.jpg").write_bytes(b"")
    (tmp_path / "z_text.png").write_text("not an image")
    with pytest.raises(ValueError, match=r"3 of 23 .*x_cut.png.*y_empty.jpg.*z_text.png.*--skip-corrupt") as caught:
        load_arrays(tmp_path, "train+test")
    assert "\n" not in str(caught.value)
    arrays = load_arrays(tmp_path, "train+test", skip_corrupt=True)
    assert sorted(arrays.images[:, 0, 0, 0]) == list(range(20))
    assert "left out 3 unreadable images" in caplog.text


def test_a_damaged_body_behind_a_good_header_is_found(tmp_path):
    fill(tmp_path, 2)
    noise = np.random.default_rng(0).integers(0, 256, [64, 64], dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "00.png")
    body = bytearray((tmp_path / "00.png").read_bytes())
    (tmp_path / "00.png").write_bytes(body[:1000])
    with pytest.raises(ValueError, match=r"1 of 2 images of .* cannot be read .*00.png"):
        load_arrays(tmp_path, "train+test")


def test_a_folder_of_nothing_but_corrupt_files_is_refused_even_when_skipping(tmp_path):
    (tmp_path / "a.png").write_text("not an image")
    with pytest.raises(ValueError, match=r"1 of 1 images of .* cannot be read"):
        load_arrays(tmp_path, skip_corrupt=True)


def test_folders_without_images_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=r"holds no images, passed over 1 file: .txt 1: expected .*\.png, \.jpg"):
        load_arrays(tmp_path)
    with pytest.raises(ValueError, match=r"absent' is not a folder: expected"):
        load_arrays(tmp_path / "absent")
    draw(tmp_path / "only.png")
    with pytest.raises(ValueError, match=r"split is 'test', which is not a split of"):
        load_arrays(tmp_path, "test")


def test_a_known_name_wins_over_a_folder_of_that_name(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    (tmp_path / "pictures").mkdir()
    assert not is_path("digits")
    assert is_path("./digits")
    assert is_path("pictures")
    assert not is_path("")
    assert load_arrays("digits", "test").images.shape == (360, 8, 8, 1)
    assert caplog.messages == [
        "digits: read the dataset of that name, and not the folder; write ./digits for the folder"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": 0}, "image_size is 0: expected a whole number of at least 1"),
        ({"image_size": (3, 4, 5)}, r"image_size is \(3, 4, 5\): expected"),
        ({"channels": 2}, "channels is 2: expected 1, 3 or 4"),
        ({"channels": 0}, "channels is 0: expected a whole number of at least 1"),
        ({"channels": 17}, "channels is 17: expected a whole number of at most 16"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_arrays("digits", **arguments)
