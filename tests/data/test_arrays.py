import numpy as np
import pytest

from keras_vae.data.arrays import ImageArrays


def test_only_uint8_images_of_rank_4_are_taken():
    with pytest.raises(ValueError, match=r"images are float32 .*: expected uint8 \[n, height, width, channels\]"):
        ImageArrays(np.zeros([2, 4, 4, 1], np.float32))
    with pytest.raises(ValueError, match=r"labels have shape \[3\]: expected \[2\]"):
        ImageArrays(np.zeros([2, 4, 4, 1], np.uint8), np.zeros([3], np.int32))
    assert ImageArrays(np.zeros([2, 4, 5, 3], np.uint8)).image_shape == (4, 5, 3)
