import numpy as np
import pytest
import tensorflow as tf

from keras_vae.posteriors import DiagonalNormal
from keras_vae.priors import FixedMixture, GaussianMixture, RealNVP, StandardNormal, VampPrior

MEMBERS = {
    "standard_normal": StandardNormal,
    "gaussian_mixture": lambda: GaussianMixture(4),
    "fixed_mixture": lambda: FixedMixture.of_weights(
        [0.2, 0.5, 0.3], [[-2, 0], [1, 2], [1, -1]], [[0.5, 1], [1, 0.3], [2, 0.7]]
    ),
    "vamp": lambda: VampPrior(5),
    "real_nvp": lambda: RealNVP(4, (16,)),
}


class Encoder:
    """A linear encoder of 2 x 2 images whose weights are its own."""

    def __init__(self):
        self.kernel = tf.Variable(3 * np.random.default_rng(1).normal(size=(4, 4)), dtype=tf.float32)

    def __call__(self, x):
        return DiagonalNormal()(tf.reshape(x, [-1, 4]) @ self.kernel)


@pytest.fixture
def encoder():
    return Encoder()


@pytest.fixture(params=MEMBERS)
def prior(request, encoder):
    """Every prior by turns, over two dimensions, its weights far from where they start."""
    member = MEMBERS[request.param]()
    member.set_encoder(encoder, (2, 2, 1))
    member.build((2,))
    rng = np.random.default_rng(3)
    for weight in member.trainable_weights:
        weight.assign_add((0.1 if request.param == "real_nvp" else 0.5) * rng.normal(size=weight.shape))
    return member
