"""The Gaussian likelihood whose scale is learned."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from keras_vae.likelihoods.gaussian import Gaussian


@keras.saving.register_keras_serializable(package="keras_vae")
class LearnedGaussian(Gaussian):
    """`Gaussian` with one standard deviation for all pixels, trained with the networks.

    Rybkin et al. 2021, "Simple and effective VAE training with calibrated decoders", the shared sigma-VAE. It weighs
    reconstruction against KL by itself, where a fixed scale leaves that to be tuned.

    Args:
        stddev: to start from, above 0; 0.1 by default.
        kwargs: Keras' own, such as `name`.
    """

    def __init__(self, stddev: float = 0.1, **kwargs: Any) -> None:
        super().__init__(stddev, **kwargs)
        start = keras.initializers.Constant(math.log(self.stddev))
        self.log_stddev = self.add_weight(shape=(), initializer=start, name="log_stddev")

    def scale(self) -> tf.Tensor:
        """Return the standard deviation as it stands, float32 `[]`."""
        return tf.exp(self.log_stddev.value)
