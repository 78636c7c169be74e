"""Bits per dimension."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.evaluation.evaluate import bits_per_dimension
from keras_vae.likelihoods.discretised_logistic_mixture import DiscretisedLogisticMixture


def test_uniform_bytes_take_eight_bits():
    outputs = np.zeros((1, 2, 2, 9), "float32")
    outputs[..., 6:] = 12  # so wide that ends and middle differ; the mean over the levels is what counts
    p = DiscretisedLogisticMixture(3)(tf.constant(outputs))
    levels = np.repeat(np.arange(256), 4).reshape(-1, 2, 2, 1) / 255
    probabilities = np.exp(p.log_prob(tf.constant(levels, tf.float32)).numpy() / 4)
    assert probabilities.sum() == pytest.approx(1, abs=1e-3)
    assert bits_per_dimension(np.log(256) * 4, (2, 2, 1)) == pytest.approx(8)


def test_refuses_an_empty_shape():
    with pytest.raises(ValueError, match="image_shape is"):
        bits_per_dimension(1.0, (0, 8, 1))
