import numpy as np
import pytest

from keras_vae.data.arrays import ImageArrays, empty_images


def test_more_than_8_gb_is_refused_before_allocating():
    with pytest.raises(ValueError, match=r"^celeb_a has 200000 images of 218x178x3, 23.3 GB .*--image-size.*\[:10%\]"):
        empty_images(200_000, (218, 178, 3), "celeb_a")


def test_only_uint8_images_of_rank_4_are_taken():
    with pytest.raises(ValueError, match=r"images are float32 .*: expected uint8 \[n, height, width, channels\]"):
        ImageArrays(np.zeros([2, 4, 4, 1], np.float32))
    with pytest.raises(ValueError, match=r"labels have shape \[3\]: expected \[2\]"):
        ImageArrays(np.zeros([2, 4, 4, 1], np.uint8), np.zeros([3], np.int32))
    assert ImageArrays(np.zeros([2, 4, 5, 3], np.uint8)).image_shape == (4, 5, 3)
