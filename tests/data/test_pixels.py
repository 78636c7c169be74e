import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from keras_vae.data.pixels import check_pixels

shapes = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 3]))


@given(npst.arrays(np.float32, shapes, elements=st.floats(0, 1, width=32)))
def test_pixels_in_the_unit_interval_pass(images):
    check_pixels(images)
    check_pixels(images.astype(np.float64), image_shape=images.shape[1:])


@given(
    npst.arrays(np.float32, shapes, elements=st.floats(0, 1, width=32)),
    st.one_of(st.floats(1.01, 1e6), st.floats(-1e6, -0.01), st.sampled_from([np.nan, np.inf, -np.inf])),
    st.integers(0, 10**6),
)
def test_one_pixel_outside_is_refused_in_one_line(images, value, where):
    images.flat[where % images.size] = value
    with pytest.raises(ValueError, match=r"^the pixels of digits are .*: expected .*pixels in \[0, 1\]; ") as caught:
        check_pixels(images, "digits")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.full([2, 4, 4, 1], 200.0), "are 200 to 200: expected .*; divide by 255"),
        (
            np.array([0.0, 1.0001], np.float32).reshape(2, 1, 1, 1),
            r"are 0 to 1.0001: expected .*; clip them, .*clip\(0, 1\)$",
        ),
        (np.array([-0.02, 1]).reshape(2, 1, 1, 1), r"are -0.02 to 1: expected .*; clip them"),
        (np.array([0, 1.00002]).reshape(2, 1, 1, 1), r"are 0 to 1.00002: expected .*; clip them"),
        (np.array([0, 2.0]).reshape(2, 1, 1, 1), r"are 0 to 2: expected .*; divide by 255"),
        (np.full([2, 4, 4, 1], 700.0), "are 700 to 700: expected .*; rescale"),
        (np.full([2, 4, 4, 1], -1.0), r"\(images \+ 1\) / 2"),
        (np.full([2, 4, 4, 1], np.nan), "NaN or infinite in 32 of 32: expected"),
        (np.zeros([2, 4, 4, 1], np.uint8), "dtype of images is uint8: expected .* / 255"),
        (np.zeros([2, 4, 4, 1], bool), r"is bool: expected .*astype\('float32'\)$"),
        (np.zeros([2, 4, 4]), r"shape of images is \[2, 4, 4\]: expected rank 4, .*images\[..., None\]"),
        (np.zeros([4, 4]), r"is \[4, 4\]: expected rank 4, "),
        (np.zeros([2, 16]), "rank 4"),
        (np.zeros([2, 4, 4, 17]), r"is \[2, 4, 4, 17\]: expected 1 to 16 channels"),
        (np.zeros([0, 4, 4, 1]), "at least one image"),
    ],
)
def test_each_mistake_names_what_came_and_the_mend(images, message):
    with pytest.raises(ValueError, match=message):
        check_pixels(images)


def test_pixels_may_be_out_of_range_by_rounding():
    check_pixels(np.array([-1e-6, 1 + 1e-6], np.float32).reshape(2, 1, 1, 1))


def test_another_image_shape_is_refused():
    with pytest.raises(ValueError, match=r"is \[2, 8, 8, 1\]: expected \[n, 28, 28, 1\]"):
        check_pixels(np.zeros([2, 8, 8, 1]), image_shape=(28, 28, 1))
