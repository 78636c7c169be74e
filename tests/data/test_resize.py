import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.resize import resize_and_crop, resizer


def test_an_image_of_the_size_is_unchanged():
    image = np.random.default_rng(0).integers(0, 256, [9, 7, 3], dtype=np.uint8)
    np.testing.assert_array_equal(resize_and_crop(tf.constant(image), (9, 7)), image)


@pytest.mark.parametrize("given", [(40, 100), (100, 40), (5, 13), (64, 63)])
def test_the_centre_is_kept_with_its_aspect(given):
    height, width = given
    image = np.zeros([height, width, 1], np.uint8)
    # the upper half dark, the lower light: cropped equally on both sides it stays so
    image[height // 2 :, :, 0] = 200
    fitted = resize_and_crop(tf.constant(image), (32, 32)).numpy()
    assert fitted.shape == (32, 32, 1)
    assert fitted[0].max() == 0
    assert fitted[-1].min() == 200
    light = (fitted[:, 16, 0] > 100).sum()
    # an odd height puts the edge half a pixel of the small image off, and that is magnified
    assert abs(light - 16) <= max(2, 32 / min(given))


def test_shrinking_averages():
    stripes = np.zeros([64, 64, 1], np.uint8)
    stripes[:, ::2] = 254
    fitted = resize_and_crop(tf.constant(stripes), (8, 8)).numpy()
    assert np.all(np.abs(fitted[:, 1:-1].astype(int) - 127) <= 3)


def test_the_graph_gives_the_same_bits():
    rng = np.random.default_rng(0)
    for channels in (1, 3, 4):
        fit = resizer((16, 12), channels)
        for shape in ((40, 23), (7, 9), (16, 12)):
            image = rng.integers(0, 256, (*shape, channels), np.uint8)
            np.testing.assert_array_equal(fit(image), resize_and_crop(tf.constant(image), (16, 12)))


def test_what_is_transparent_has_no_colour_that_shows_beside_it():
    image = np.zeros([8, 8, 4], np.uint8)
    image[:, 4:] = 255, 0, 0, 255  # beside black that is not seen
    fitted = resize_and_crop(tf.constant(image), (5, 5)).numpy()
    assert 0 < fitted[0, 2, 3] < 255
    np.testing.assert_array_equal(fitted[fitted[..., 3] > 0][:, :3], [[255, 0, 0]] * np.sum(fitted[..., 3] > 0))
