import errno

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_vae.pictures.grid import image_grid, magnification, save_png, visible
from keras_vae.pictures.samples import samples


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 7),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    channels=st.sampled_from([1, 3]),
    columns=st.integers(1, 8),
    gap=st.integers(0, 5),
    scale=st.integers(1, 4),
    seed=st.integers(0, 2**16),
)
def test_every_tile_is_its_image_magnified_and_all_else_is_white(
    count, height, width, channels, columns, gap, scale, seed
):
    # levels below 255, so that no tile is mistaken for the background
    levels = np.random.default_rng(seed).integers(0, 255, [count, height, width, channels])
    grid = image_grid(levels / 255, columns, gap, scale)
    grid = grid.reshape(*grid.shape[:2], channels)
    for index, image in enumerate(levels):
        row, column = divmod(index, columns)
        top, left = gap + row * (height * scale + gap), gap + column * (width * scale + gap)
        tile = grid[top : top + height * scale, left : left + width * scale]
        np.testing.assert_array_equal(tile, np.kron(image, np.ones([scale, scale, 1])))
    assert (grid < 255).any(axis=-1).sum() == count * height * width * scale**2
    assert grid.dtype == np.uint8


def test_small_images_grow_and_large_ones_stay():
    assert image_grid(np.zeros([1, 8, 8, 1]), gap=0).shape == (64, 64)
    assert image_grid(np.zeros([1, 28, 28, 3]), gap=0).shape == (84, 84, 3)
    assert image_grid(np.zeros([1, 128, 96, 1]), gap=0).shape == (128, 96)
    assert all(magnification(side, side) * side >= 64 for side in range(1, 200))


def test_default_columns_make_a_square():
    assert image_grid(np.zeros([64, 8, 8, 1]), gap=0).shape == (8 * 64, 8 * 64)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (np.zeros([8, 8, 1]), {}, "rank 4"),
        (np.zeros([2, 8, 8, 17]), {}, "1 to 16 channels"),
        (np.zeros([0, 8, 8, 1]), {}, "at least one image"),
        (np.full([1, 8, 8, 1], 255.0), {}, "divide by 255"),
        (np.full([1, 8, 8, 1], np.nan), {}, "NaN"),
        (np.zeros([1, 8, 8, 1]), {"columns": 0}, "columns is 0: expected"),
        (np.zeros([1, 8, 8, 1]), {"gap": -1}, "gap is -1: expected"),
        (np.zeros([1, 8, 8, 1]), {"scale": 0}, "scale is 0: expected"),
    ],
)
def test_bad_images_and_numbers_are_named(images, options, message):
    with pytest.raises(ValueError, match=message):
        image_grid(images, **options)


@pytest.mark.parametrize("channels", [1, 3])
def test_gray_and_colour_stay(channels):
    images = np.random.default_rng(0).random([2, 5, 6, channels], np.float32)
    assert visible(images) is images


@pytest.mark.parametrize("channels", [2, 5, 16])
def test_the_first_of_other_channels_is_gray(channels):
    images = np.random.default_rng(0).random([2, 5, 6, channels])
    np.testing.assert_array_equal(image_grid(images), image_grid(images[..., :1]))


def test_transparency_shows_a_light_checkerboard():
    images = np.zeros([1, 9, 10, 4], np.float32)
    images[0, 0, 0] = 1, 0, 0, 1
    images[0, 0, 1] = 1, 0, 0, 0.5
    shown = visible(images)[0]
    np.testing.assert_array_equal(shown[0, :2], [[1, 0, 0], [1, 0.5, 0.5]])
    white = np.array([[(row // 4 + column // 4) % 2 == 0 for column in range(10)] for row in range(9)])
    white[0, :2] = False
    assert (shown[white] == 1).all()
    shaded = ~white
    shaded[0, :2] = False
    assert (shown[shaded] == np.float32(0.8)).all()
    assert image_grid(images).shape == (71, 78, 3)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_a_png_holds_the_array_and_nothing_else(tmp_path, shape):
    array = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert save_png(array, tmp_path / "a.png") == tmp_path / "a.png"
    save_png(array, str(tmp_path / "b.png"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), array)
        assert picture.info == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_a_full_disk_leaves_the_old_picture_and_no_part(tmp_path, monkeypatch):
    path = save_png(np.zeros([4, 4], np.uint8), tmp_path / "a.png")
    before = path.read_bytes()

    def fills_up(image, file, **options):
        file.write(b"half a picture")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fills_up)
    with pytest.raises(OSError, match="the disk is full"):
        save_png(np.ones([4, 4], np.uint8), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_no_folder_is_made(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing is not a folder: expected a folder for a.png"):
        save_png(np.zeros([4, 4], np.uint8), tmp_path / "missing" / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("array", "name", "message"),
    [
        (np.zeros([4, 4]), "a.png", "float64"),
        (np.zeros([4, 4, 4], np.uint8), "a.png", r"\[4, 4, 4\]"),
        (np.zeros([0, 4], np.uint8), "a.png", r"\[0, 4\]"),
        (np.zeros([4, 4], np.uint8), "a.jpg", "a.jpg.: expected"),
    ],
)
def test_no_picture_of_another_kind_is_written(tmp_path, array, name, message):
    with pytest.raises(ValueError, match=message):
        save_png(array, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_samples_are_the_grid_with_stray_pixels_clipped(tmp_path, digits):
    stray = digits[:9] * 1.2 - 0.1
    path = samples(stray, tmp_path / "samples.png")
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), image_grid(np.clip(stray, 0, 1), columns=3))


def test_samples_with_nan_are_refused(tmp_path, digits):
    with pytest.raises(ValueError, match=r"samples are NaN"):
        samples(np.where(digits[:4] > 0.5, np.nan, digits[:4]), tmp_path / "samples.png")
    assert list(tmp_path.iterdir()) == []
