"""The fixed points at which a flow's moments are taken."""

import numpy as np
import pytest

from keras_vae.distributions.normalizing_flow import _design


@pytest.mark.parametrize("dimensions", [1, 2, 7, 8, 40, 64])
def test_the_fixed_points_have_the_moments_of_a_standard_normal(dimensions):
    points = _design(dimensions)
    np.testing.assert_array_equal(points.mean(axis=0), np.zeros(dimensions))
    np.testing.assert_array_equal(points.T @ points / len(points), np.eye(dimensions))
    np.testing.assert_array_equal(np.abs(points), np.ones_like(points))
