import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_vae.evaluation.evaluate import active_units


@given(st.lists(st.floats(0, 0.2).filter(lambda a: abs(a * a - 0.01) > 1e-6), min_size=1, max_size=6))
def test_counts_dimensions_whose_variance_passes_the_threshold(amplitudes):
    signs = np.array([1, -1, 1, -1])[:, None]
    means = 7 + signs * np.array(amplitudes)  # each dimension's variance is its amplitude squared
    assert active_units(means) == sum(a**2 > 0.01 for a in amplitudes)


@pytest.mark.parametrize("images", [1, 100])
def test_a_collapsed_posterior_has_none(images):
    assert active_units(np.tile([0.0, 3.0, -2.0], [images, 1])) == 0
