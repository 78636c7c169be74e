import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.binarize import binarize_once, block_size, check_binarize


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 255), st.integers(-(2**31), 2**40))
def test_the_share_of_ones_is_the_intensity(value, seed):
    binary = binarize_once(ImageArrays(np.full([50, 20, 20, 1], value, np.uint8)), seed).images
    assert binary.dtype == np.uint8
    assert set(np.unique(binary)) <= {0, 255}
    p = value / 255
    # five standard deviations of a binomial share, and exact at both ends
    assert abs((binary == 255).mean() - p) <= 5 * np.sqrt(p * (1 - p) / binary.size)


def test_the_draws_follow_from_seed_and_split_alone():
    def binary(seed, split):
        return binarize_once(ImageArrays(np.full([40, 8, 8, 1], 128, np.uint8), split=split), seed).images

    first = binary(3, "train")
    np.testing.assert_array_equal(first, binary(3, "train"))
    for other in (binary(4, "train"), binary(3, "test")):
        # independent fair coins agree half the time
        assert abs((first == other).mean() - 0.5) < 0.06


def test_blocks_do_not_repeat():
    count = 2 * block_size((8, 8, 1)) + 10
    binary = binarize_once(ImageArrays(np.full([count, 8, 8, 1], 128, np.uint8)), 0).images
    assert len(np.unique(binary.reshape(count, -1), axis=0)) == count


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="binarize is 'sometimes': expected one of none, static, dynamic; "):
        check_binarize("sometimes")
