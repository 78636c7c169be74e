"""The base class of likelihoods p(x|z)."""

from __future__ import annotations

import warnings
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.distributions.conditional import ConditionalDistribution


def logits_of_mean(mean: tf.Tensor) -> tf.Tensor:
    """Return log(mean / (1 - mean)), float32; an exact 0 or 1 is taken as float32's half step 2**-24 beside it."""
    mean = tf.clip_by_value(tf.cast(mean, tf.float32), 2.0**-24, 1 - 2.0**-24)
    return tf.math.log(mean) - tf.math.log1p(-mean)


class Likelihood(ConditionalDistribution):
    """Turns the decoder's outputs into a distribution over images.

    Call it with outputs float32 `[..., H, W, C * parameters_per_value]`. The distribution has the event shape
    `[H, W, C]`; `log_prob` is in nats per image and `mean()` is an image with pixels in [0, 1].

    Attributes:
        parameters_per_value: how many decoder channels one image channel needs.
        fixed_by_mean: whether the mean of p(x|z) determines the distribution, so that `of_mean` can rebuild it.
        of_bytes: whether p(x|z) gives probabilities to images of bytes, which papers report in bits per dimension.
    """

    parameters_per_value: int = 1
    fixed_by_mean: bool = True
    of_bytes: bool = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._warned = False

    @property
    def parameters_shape(self) -> tuple[int, ...]:
        """The shape of the decoder's output for one latent, (height, width, channels * parameters_per_value)."""
        *sides, channels = self.event_shape
        return (*sides, channels * self.parameters_per_value)

    def of_mean(self, mean: tf.Tensor) -> tfp.distributions.Distribution:
        """Return the p(x|z) whose mean is this image, for decoders that return only the mean.

        Args:
            mean: float32 `[..., H, W, C]` in [0, 1].

        Raises:
            ValueError: if the mean does not determine the likelihood.
        """
        raise NotImplementedError(f"{type(self).__name__} must define of_mean(mean)")

    def fit_to_batch(
        self, likelihood: tfp.distributions.Distribution, x: tf.Tensor, weight: tf.Tensor | None = None
    ) -> tfp.distributions.Distribution:
        """Return p(x|z) as a training step on images `x` uses it: by default `likelihood` unchanged.

        Likelihoods that take a parameter from the batch, such as an optimal scale, override this method.

        Args:
            likelihood: what the layer returned, batch shape `[samples, n]`.
            x: images float32 `[n, H, W, C]`.
            weight: weight of each image in the loss, float32 `[n]`; None, the default, means 1.
        """
        return likelihood

    def is_likelihood_of(self, pixels: tf.Tensor) -> tf.Tensor:
        """Whether p(x|z) is a distribution over such pixels, bool `[]`, so that -log p is a likelihood in nats.

        If it is not, -log p is only a cross-entropy, and is reported as one.
        """
        return tf.constant(True)

    def warn_of_cross_entropy(self) -> None:
        """Warn, once for this object, that -log p is no likelihood of the pixels it is given."""
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{type(self).__name__} is not a likelihood of these pixels: -log p is reported as a cross-entropy; "
                "binarise the images, or take another likelihood such as continuous_bernoulli",
                stacklevel=3,
            )
