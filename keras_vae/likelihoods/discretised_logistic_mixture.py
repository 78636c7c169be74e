"""The likelihood of bytes: a mixture of logistics, discretised to 256 levels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import whole_number
from keras_vae.likelihoods.likelihood import Likelihood

tfd = tfp.distributions

LARGEST = 255  # of the levels 0 ... 255
SMALLEST_LOG_SCALE = -7.0  # of half the range: a tenth of a level
WIDE = 2.0**13  # levels: a logistic of this scale is straight across all of them, to 4e-6


class ByteMixture(tfd.Distribution):
    """Images of bytes, each pixel a mixture of discretised logistics whose channels share the component.

    Args:
        logits: of the components, float32 `[..., H, W, K]`.
        loc: of the components, in levels, float32 `[..., H, W, C, K]`.
        scale: of the components, in levels, likewise.
    """

    def __init__(self, logits: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor, name: str = "ByteMixture") -> None:
        parameters = dict(locals())
        self.logits = logits
        self.loc = loc
        self.component_scale = scale
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def _batch_shape(self) -> tf.TensorShape:
        return self.loc.shape[:-4]

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self.loc)[:-4]

    def _event_shape(self) -> tf.TensorShape:
        return self.loc.shape[-4:-1]

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self.loc)[-4:-1]

    def _log_prob(self, pixels: tf.Tensor) -> tf.Tensor:
        level = tf.round(pixels * LARGEST)[..., tf.newaxis]
        above = (level + 0.5 - self.loc) / self.component_scale
        below = (level - 0.5 - self.loc) / self.component_scale
        # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)): nothing cancels, however far the level lies in a tail.
        log_between = tf.math.log(-tf.math.expm1(-1 / self.component_scale))
        log_to_above, log_from_below = -tf.nn.softplus(-above), -tf.nn.softplus(below)
        log_level = tf.where(
            level < 0.5,
            log_to_above,
            tf.where(level > LARGEST - 0.5, log_from_below, log_to_above + log_from_below + log_between),
        )
        log_component = tf.nn.log_softmax(self.logits) + tf.reduce_sum(log_level, axis=-2)
        return tf.reduce_sum(tf.reduce_logsumexp(log_component, axis=-1), axis=[-2, -1])

    def _sample_n(self, n: tf.Tensor, seed: Any = None) -> tf.Tensor:
        pick_seed, noise_seed = tfp.random.split_seed(seed)
        picked = tfd.OneHotCategorical(logits=self.logits, dtype=tf.float32).sample(n, seed=pick_seed)
        picked = picked[..., tf.newaxis, :]
        loc, scale = (tf.reduce_sum(picked * each, axis=-1) for each in (self.loc, self.component_scale))
        level = tfd.Logistic(loc, scale).sample(seed=noise_seed)
        return tf.clip_by_value(tf.round(level), 0, LARGEST) / LARGEST

    def _mean(self) -> tf.Tensor:
        # E[level] = sum over i = 0 ... 254 of s((loc - i - 1/2) / scale), here as the integral over [0, 255] that the
        # sum approximates: within half a level for the narrowest components, far nearer for all others.
        # Of a wide one the difference would cancel: it has the mean of one of this scale whose middle lies alike.
        scale = tf.minimum(self.component_scale, WIDE)
        shrunk = scale / self.component_scale
        loc = self.loc * shrunk + LARGEST / 2 * (1 - shrunk)
        mean = scale * (_softplus(loc / scale) - _softplus((loc - LARGEST) / scale))
        weights = tf.expand_dims(tf.nn.softmax(self.logits), -2)
        return tf.reduce_sum(weights * mean, axis=-1) / LARGEST


def _softplus(t: tf.Tensor) -> tf.Tensor:
    """log(1 + exp(t)) by operations that TFLite has."""
    return tf.nn.relu(t) + tf.math.log(1 + tf.exp(-tf.abs(t)))


@keras.saving.register_keras_serializable(package="keras_vae")
class DiscretisedLogisticMixture(Likelihood):
    """Pixels of 256 levels, each from a mixture of logistics that is integrated over the level.

    Salimans et al. 2017, "PixelCNN++", equations 1 and 2, without its autoregression. The channels of a colour pixel
    share the component, and are independent given it: PixelCNN++'s linear terms between them are left out. For
    every value the decoder returns `components` logits, then as many means and log-scales, in units of half the
    range; the component's logit is the mean of those of its channels. log p(x|z) is in nats an image, a probability
    of bytes: `evaluate` gives it in bits a dimension too.

    Args:
        components: of each mixture, at least 1; 5 by default.
        kwargs: Keras' own, such as `name`.

    Raises:
        ValueError: fewer than one component.
    """

    fixed_by_mean = False
    of_bytes = True

    def __init__(self, components: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.components = whole_number("components", components, 1)

    @property
    def parameters_per_value(self) -> int:
        """How many decoder channels one image channel needs: `3 * components`."""
        return 3 * self.components

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from float32 `[..., H, W, C * 3 * components]`, channel by channel."""
        channels = parameters.shape[-1] // self.parameters_per_value
        shape = tf.concat([tf.shape(parameters)[:-1], [channels, self.parameters_per_value]], axis=0)
        split = tf.reshape(parameters, shape)
        split.set_shape([*parameters.shape[:-1], channels, self.parameters_per_value])
        logits, mean, log_scale = tf.split(split, 3, axis=-1)
        # Spread out, so that the components differ before they are trained.
        spread = tf.constant((2 * np.arange(self.components) + 1) / self.components - 1, tf.float32)
        log_scale = SMALLEST_LOG_SCALE + _softplus(log_scale - SMALLEST_LOG_SCALE)
        half = LARGEST / 2
        return ByteMixture(tf.reduce_mean(logits, axis=-2), half * (1 + mean + spread), half * tf.exp(log_scale))

    def of_mean(self, mean: tf.Tensor) -> tfd.Distribution:
        """Raise ValueError: many mixtures have the same mean."""
        raise ValueError(
            f"{type(self).__name__} has more parameters than its mean {tuple(mean.shape)}, which cannot tell p(x|z): "
            "expected the decoder's outputs; call the likelihood with them, or train with a likelihood of one mean"
        )

    def is_likelihood_of(self, pixels: tf.Tensor) -> tf.Tensor:
        """Whether all pixels are multiples of 1 / 255."""
        levels = pixels * LARGEST
        return tf.reduce_all(tf.abs(levels - tf.round(levels)) < 1e-3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this likelihood again."""
        return {**super().get_config(), "components": self.components}
