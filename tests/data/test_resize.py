import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.resize import resize_and_crop


def by_tensorflow(image, size):
    """An independent reference: TensorFlow's antialiased resize, weighted by transparency where there is some."""
    given = np.array(image.shape[:2])
    covering = np.maximum(np.rint(given * np.float32(max(size / given))).astype(int), size)
    pixels = image.astype(np.float32)
    if image.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:]
    resized = tf.image.resize(pixels, covering, antialias=True).numpy()
    if image.shape[2] == 4:
        resized[..., :3] = np.where(resized[..., 3:] > 0, resized[..., :3] / np.maximum(resized[..., 3:], 1e-30), 0)
    top, left = (covering - size) // 2
    return np.rint(resized[top : top + size[0], left : left + size[1]]).clip(0, 255)


def test_an_image_of_the_size_is_unchanged():
    image = np.random.default_rng(0).integers(0, 256, [9, 7, 3], dtype=np.uint8)
    np.testing.assert_array_equal(resize_and_crop(image, (9, 7)), image)


@pytest.mark.parametrize("channels", [1, 3, 4, 5])
@pytest.mark.parametrize("given", [(40, 23), (7, 9), (100, 40), (16, 13), (3, 64), (1, 1)])
def test_as_tensorflow_resizes(given, channels):
    image = np.random.default_rng(0).integers(0, 256, (*given, channels), np.uint8)
    fitted = resize_and_crop(image, (16, 12))
    assert fitted.dtype == np.uint8
    expected = by_tensorflow(image, (16, 12))
    shown = slice(None) if channels != 4 else expected[..., 3] > 0  # what is not seen may have any colour
    assert np.abs(fitted.astype(int) - expected)[shown].max() <= 1  # where a half is rounded


@pytest.mark.parametrize("given", [(40, 100), (100, 40), (5, 13), (64, 63)])
def test_the_centre_is_kept_with_its_aspect(given):
    height, width = given
    image = np.zeros([height, width, 1], np.uint8)
    # the upper half dark, the lower light: cropped equally on both sides it stays so
    image[height // 2 :, :, 0] = 200
    fitted = resize_and_crop(image, (32, 32))
    assert fitted.shape == (32, 32, 1)
    assert fitted[0].max() == 0
    assert fitted[-1].min() == 200
    light = (fitted[:, 16, 0] > 100).sum()
    # an odd height puts the edge half a pixel of the small image off, and that is magnified
    assert abs(light - 16) <= max(2, 32 / min(given))


def test_shrinking_averages():
    stripes = np.zeros([64, 64, 1], np.uint8)
    stripes[:, ::2] = 254
    fitted = resize_and_crop(stripes, (8, 8))
    assert np.all(np.abs(fitted[:, 1:-1].astype(int) - 127) <= 3)


def test_what_is_transparent_has_no_colour_that_shows_beside_it():
    image = np.zeros([8, 8, 4], np.uint8)
    image[:, 4:] = 255, 0, 0, 255  # beside black that is not seen
    fitted = resize_and_crop(image, (5, 5))
    assert 0 < fitted[0, 2, 3] < 255
    np.testing.assert_array_equal(fitted[fitted[..., 3] > 0][:, :3], [[255, 0, 0]] * np.sum(fitted[..., 3] > 0))
