"""Numbers as integers and back: nearest, held at the ends, and no byte read as nothing."""

import numpy as np

from keras_vae.export.formats.integers import from_integers, to_integers

IMAGE = {"dtype": "int8", "scale": 1 / 256, "zero_point": -128}


def test_numbers_come_back_within_half_a_step():
    form = {"dtype": "int8", "scale": 0.03, "zero_point": 4}
    numbers = np.random.default_rng(0).uniform(-3.9, 3.6, 1000).astype(np.float32)
    integers = to_integers(numbers, form)
    assert integers.dtype == np.int8
    np.testing.assert_allclose(0.03 * (integers.astype(np.float32) - 4), numbers, atol=0.0151)


def test_numbers_beyond_the_range_take_its_ends():
    assert to_integers(np.array([-9e9, 9e9]), IMAGE).tolist() == [-128, 127]


def test_a_black_or_white_byte_is_read_as_nearly_so():
    pixels = from_integers(np.array([-128, -127, 127], np.int8), IMAGE)
    assert pixels.dtype == np.float32
    assert 0 < pixels[0] < pixels[1] == np.float32(1 / 256)
    assert pixels[2] < 1
