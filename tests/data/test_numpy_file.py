import numpy as np
import pytest

from keras_vae.data.load import is_path, load_arrays


@pytest.fixture
def save(tmp_path):
    """Write an array and return the file."""

    def save(array):
        np.save(tmp_path / "images.npy", array)
        return tmp_path / "images.npy"

    return save


@pytest.fixture
def numbered():
    """300 images that are told apart by their first pixel's 2 channels of 3, uint8 [300, 6, 5, 3]."""
    images = np.random.default_rng(0).integers(0, 256, [300, 6, 5, 3], np.uint8)
    images[:, 0, 0, 0], images[:, 0, 0, 1] = np.arange(300) // 256, np.arange(300) % 256
    return images


def test_a_tenth_is_held_out_and_all_pixels_are_kept(save, numbered):
    path = save(numbered)
    train, test = load_arrays(path), load_arrays(str(path), "test")
    assert (len(train), len(test)) == (270, 30)
    numbers = [[int(image[0, 0, 0]) * 256 + int(image[0, 0, 1]) for image in split.images] for split in (train, test)]
    assert sorted(numbers[0] + numbers[1]) == list(range(300))
    assert numbers[1] != list(range(270, 300))
    for split, rows in zip((train, test), numbers, strict=True):
        np.testing.assert_array_equal(split.images, numbered[rows])
    assert train.labels is None
    assert len(load_arrays(path, "train[:10]+test")) == 40


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f8"])
def test_floats_are_bytes_of_255(save, numbered, dtype):
    path = save(np.asfortranarray(numbered[..., 0] / 255).astype(dtype))
    found = load_arrays(path, "train+test").images
    assert found.shape == (300, 6, 5, 1)
    np.testing.assert_array_equal(np.sort(found, axis=None), np.sort(numbered[..., 0], axis=None))


def test_sizes_and_channels_are_as_of_folders(save, numbered):
    assert load_arrays(save(numbered), image_size=(8, 4), channels=1).image_shape == (8, 4, 1)
    assert load_arrays(save(numbered[..., 0]), channels=3).image_shape == (6, 5, 3)
    transparent = np.concatenate([numbered, np.zeros([300, 6, 5, 1], np.uint8)], -1)
    assert load_arrays(save(transparent), channels=3).images.min() == 255


@pytest.mark.parametrize("channels", [2, 4, 5, 16])
def test_an_array_keeps_its_own_channels(save, channels):
    given = np.random.default_rng(0).integers(0, 256, [20, 6, 5, channels], np.uint8)
    path = save(given)
    np.testing.assert_array_equal(load_arrays(path, "train+test").images.sum(0), given.sum(0))
    np.testing.assert_array_equal(load_arrays(path, channels=channels).images, load_arrays(path).images)
    assert load_arrays(path, image_size=(3, 4)).image_shape == (3, 4, channels)
    with pytest.raises(ValueError, match=rf"channels is 7: expected {channels}, as file .* has; leave it out"):
        load_arrays(path, channels=7)


def test_only_the_rows_of_a_split_are_read(tmp_path):
    # 40 GB, of which the disk holds nothing
    np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint8, (10**5, 640, 640))
    assert load_arrays(tmp_path / "a.npy", "train[:5]").images.shape == (5, 640, 640, 1)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros([4, 6, 5], np.uint16), r"holds uint16 \[4, 6, 5\]: expected uint8, or float in"),
        (np.zeros([48, 64, 3], np.uint8), r"\[48, 64, 3\]: expected .*; if it is one image, write images\[None\]"),
        (np.zeros([4, 6], np.uint8), r"holds uint8 \[4, 6\]: expected"),
        (np.zeros([4, 6, 5, 17], np.uint8), r"holds uint8 \[4, 6, 5, 17\]: expected .* 1 to 16 channels"),
        (np.zeros([0, 6, 5], np.uint8), r"holds uint8 \[0, 6, 5\]: expected"),
        (np.full([4, 6, 5], 2.0), r"pixels of file .* are 2 to 2: expected pixels in \[0, 1\]; divide by 255"),
        (np.full([4, 6, 5], np.nan), r"pixels of file .* are NaN"),
        (np.array([None, "x"]), "cannot be read .*: expected an array; write it with numpy.save"),
    ],
)
def test_other_arrays_are_refused_in_a_line(save, array, message):
    path = save(array)
    with pytest.raises(ValueError, match=message) as caught:
        load_arrays(path)
    assert "\n" not in str(caught.value)


def test_other_files_are_refused_in_a_line(save, numbered, tmp_path):
    path = save(numbered)
    whole = path.read_bytes()
    for content in (whole[:5000], whole[:50], b"", b"no array", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"cannot be read .*: expected an array") as caught:
            load_arrays(path)
        assert "\n" not in str(caught.value)
    np.savez(tmp_path / "several.npz", numbered)
    (tmp_path / "several.npz").rename(path)
    with pytest.raises(ValueError, match="holds several arrays: expected one"):
        load_arrays(path)
    with pytest.raises(ValueError, match=r"absent.npy', which does not exist: expected a file"):
        load_arrays("absent.npy")
    assert is_path("absent.npy")


def test_a_folder_of_that_name_is_a_folder(tmp_path):
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(ValueError, match=r"folder .* holds no images"):
        load_arrays(tmp_path / "a.npy")
