"""The latents that calibrate the int8 decoder."""

import itertools

import numpy as np
import pytest

from keras_vae.export.formats.calibration import COUNT, calibration_latents


def test_without_images_they_are_the_prior_s(small_model):
    latents = calibration_latents(small_model)
    assert latents.shape == (COUNT, 2)
    assert abs(latents.mean()) < 0.2
    assert abs(latents.std() - 1) < 0.15


def test_with_images_the_posterior_s_come_too(small_model):
    images = small_model.generate(40, seed=1)
    latents = calibration_latents(small_model, [images])
    np.testing.assert_array_equal(latents[:COUNT], calibration_latents(small_model))
    posterior = small_model.encode(images)
    standardised = (latents[COUNT:] - posterior.mean()) / posterior.stddev()
    assert standardised.shape == (40, 2)
    assert np.abs(standardised).max() < 5
    np.testing.assert_array_equal(latents, calibration_latents(small_model, [images]))


def test_endless_data_ends(small_model):
    images = small_model.generate(100, seed=1)
    assert len(calibration_latents(small_model, itertools.repeat((images, None)))) == 2 * COUNT


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "holds no batch"),
        (5, "expected batches of images"),
        (
            [np.zeros([2, 8, 8, 1], np.uint8)],
            "the dtype of batch 0 of representative_data is uint8: expected float pixels",
        ),
        (
            [np.zeros([2, 9, 9, 1], np.float32)],
            r"the shape of batch 0 of representative_data is \[2, 9, 9, 1\]: expected",
        ),
        ([np.full([2, 8, 8, 1], np.nan, np.float32)], "NaN"),
    ],
)
def test_unusable_images_are_refused(small_model, data, message):
    with pytest.raises(ValueError, match=message):
        calibration_latents(small_model, data)
