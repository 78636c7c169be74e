"""The Gaussian likelihood with a given scale."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.likelihoods.likelihood import Likelihood

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class Gaussian(Likelihood):
    """Independent normal pixels of one standard deviation; the sigmoids of the decoder's outputs are the means.

    log p(x|z) = sum over pixels of -(x - mean)^2 / (2 stddev^2) - log stddev - log(2 pi) / 2, in nats an image: a log
    density, which may be positive, and is comparable with that of other densities over pixels in [0, 1] only. A
    small `stddev` makes sharp pictures and a large KL: `LearnedGaussian` and `OptimalGaussian` find it.

    Args:
        stddev: in units of the pixels, above 0; 0.1 by default.
        kwargs: Keras' own, such as `name`.

    Raises:
        ValueError: a `stddev` that is not finite or not above 0.
    """

    def __init__(self, stddev: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not (isinstance(stddev, Real) and math.isfinite(stddev) and stddev > 0):
            raise ValueError(f"stddev is {stddev!r}: expected a finite number above 0, such as 0.1")
        self.stddev = float(stddev)

    def scale(self) -> tf.Tensor:
        """Return the standard deviation as it stands, float32 `[]`."""
        return tf.constant(self.stddev, tf.float32)

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from the logits of its means, float32 `[..., H, W, C]`."""
        return self.of_mean(tf.sigmoid(parameters))

    def of_mean(self, mean: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from its mean, float32 `[..., H, W, C]`."""
        return tfd.Independent(tfd.Normal(mean, self.scale()), 3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this likelihood again, with the scale as it stands."""
        return {**super().get_config(), "stddev": float(self.scale())}
