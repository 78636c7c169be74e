import numpy as np
import pytest

from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.visible import visible


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
