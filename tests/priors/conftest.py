import numpy as np
import pytest
import tensorflow as tf

from keras_vae.posteriors.diagonal_normal import DiagonalNormal
from keras_vae.priors.gaussian_mixture import GaussianMixture
from keras_vae.priors.mixture import FixedMixture
from keras_vae.priors.real_nvp import RealNVP
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.priors.vamp import VampPrior

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

    def __init__(self, latent_dim=2):
        self.latent_dim = latent_dim
        self.kernel = tf.Variable(3 * np.random.default_rng(1).normal(size=(4, 2 * latent_dim)), dtype=tf.float32)

    def __call__(self, x):
        return DiagonalNormal().distribution(tf.reshape(x, [-1, 4]) @ self.kernel, self.latent_dim)


@pytest.fixture
def encoder():
    return Encoder()


@pytest.fixture(params=MEMBERS)
def prior(request, encoder):
    """Every prior by turns, over two dimensions, its weights far from where they start."""
    member = MEMBERS[request.param]()
    member.bind(encoder, (2, 2, 1), 2)
    rng = np.random.default_rng(3)
    for weight in member.trainable_weights:
        weight.assign_add((0.1 if request.param == "real_nvp" else 0.5) * rng.normal(size=weight.shape))
    return member
