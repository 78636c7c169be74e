"""The likelihood of bytes: a mixture of logistics, discretised to 256 levels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import whole_number
from keras_vae.distributions.log_exp import softplus
from keras_vae.likelihoods.likelihood import Likelihood

tfd = tfp.distributions

LARGEST = 255  # of the levels 0 ... 255
SMALLEST_LOG_SCALE = -7.0  # of half the range: a tenth of a level
LARGEST_LOG_SCALE = 40.0  # flat over all levels, and far from where float32 ends, at 88
WIDE = 2.0**13  # levels: a logistic of this scale is straight across all of them, to 4e-6


class ByteMixture(tfd.Distribution):
    """Images of bytes, each pixel a mixture of discretised logistics whose channels share the component.

    Args:
        logits: of the components, float32 `[..., H, W, K]`.
        loc: of the components, in levels, float32 `[..., H, W, C, K]`.
        scale: of the components, in levels, likewise.
        slopes: by how much each channel's loc moves for each level that a channel before it lies beside its own loc,
            which counts as within the levels; float32 `[..., H, W, C (C - 1) / 2, K]`, of channel 1 on 0, 2 on 0, 2 on
            1, 3 on 0, and so on. None, the default, keeps all where they are.
    """

    # of densities; exported files take others
    softplus = staticmethod(tf.nn.softplus)
    log1mexp = staticmethod(lambda t: tf.math.log(-tf.math.expm1(-t)))

    def __init__(
        self,
        logits: tf.Tensor,
        loc: tf.Tensor,
        scale: tf.Tensor,
        slopes: tf.Tensor | None = None,
        name: str = "ByteMixture",
    ) -> None:
        parameters = dict(locals())
        self.logits, self.loc, self.component_scale, self.slopes = logits, loc, scale, slopes
        kind = tfd.NOT_REPARAMETERIZED
        super().__init__(tf.float32, kind, validate_args=False, allow_nan_stats=True, parameters=parameters, name=name)

    def _batch_shape(self) -> tf.TensorShape:
        return self.loc.shape[:-4]

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self.loc)[:-4]

    def _event_shape(self) -> tf.TensorShape:
        return self.loc.shape[-4:-1]

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self.loc)[-4:-1]

    def _log_prob(self, pixels: tf.Tensor) -> tf.Tensor:
        # Channels and components come first: short last axes take twice the time.
        level = tf.round(pixels * LARGEST)
        others = max(level.shape.rank - 1, self.loc.shape.rank - 2)
        logits, levels = _first(self.logits, 1, others), tf.unstack(_first(level, 1, others))
        locs, scales = (tf.unstack(_first(each, 2, others)) for each in (self.loc, self.component_scale))
        slopes = [] if self.slopes is None else tf.unstack(_first(self.slopes, 2, others))
        log_component, beside = logits, []
        for level, loc, scale in zip(levels, locs, scales, strict=True):
            at = loc
            for other in beside:
                at += slopes.pop(0) * other
            if slopes:  # left for channels that follow this one
                beside.append(level - tf.clip_by_value(loc, 0, LARGEST))
            # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)): nothing cancels, however far the level lies in a tail.
            log_to_above = -self.softplus((at - level - 0.5) / scale)
            log_from_below = -self.softplus((level - 0.5 - at) / scale)
            log_between = self.log1mexp(1 / scale)
            has_above, has_below = (tf.cast(each, tf.float32) for each in (level < LARGEST - 0.5, level > 0.5))
            log_component += has_above * (log_to_above + has_below * log_between) + has_below * log_from_below
        log_pixel = tf.reduce_logsumexp(log_component, axis=0) - tf.reduce_logsumexp(logits, axis=0)
        return tf.reduce_sum(log_pixel, axis=[-2, -1])

    def _sample_n(self, n: tf.Tensor, seed: Any = None) -> tf.Tensor:
        pick_seed, noise_seed = tfp.random.split_seed(seed)
        picked = tfd.OneHotCategorical(logits=self.logits, dtype=tf.float32).sample(n, seed=pick_seed)
        picked = picked[..., tf.newaxis, :]
        loc, scale = (tf.reduce_sum(picked * each, axis=-1) for each in (self.loc, self.component_scale))
        noise = scale * tfd.Logistic(tf.zeros_like(loc), 1.0).sample(seed=noise_seed)
        if self.slopes is None:
            return tf.clip_by_value(tf.round(loc + noise), 0, LARGEST) / LARGEST
        slopes = tf.unstack(tf.reduce_sum(picked * self.slopes, axis=-1), axis=-1)
        levels, beside = [], []
        for at, wander in zip(tf.unstack(loc, axis=-1), tf.unstack(noise, axis=-1), strict=True):
            follows = sum(slopes.pop(0) * other for other in beside)
            levels.append(tf.clip_by_value(tf.round(at + follows + wander), 0, LARGEST))
            beside.append(levels[-1] - tf.clip_by_value(at, 0, LARGEST))
        return tf.stack(levels, axis=-1) / LARGEST

    def _mean(self) -> tf.Tensor:
        # E[level] = sum over i = 0 ... 254 of s((loc - i - 1/2) / scale), here as the integral over [0, 255] that the
        # sum approximates: within half a level for the narrowest components, far nearer for all others.
        # Of a wide one the difference would cancel: it has the mean of one of this scale whose middle lies alike.
        scale = tf.minimum(self.component_scale, WIDE)
        shrunk = scale / self.component_scale
        loc = self.loc * shrunk + LARGEST / 2 * (1 - shrunk)
        mean = scale * (softplus(loc / scale) - softplus((loc - LARGEST) / scale))
        weights = tf.expand_dims(tf.nn.softmax(self.logits), -2)
        return tf.reduce_sum(weights * mean, axis=-1) / LARGEST


def _first(tensor: tf.Tensor, axes: int, others: int) -> tf.Tensor:
    """Put the last `axes` axes before the others, which become `others` by new ones of length 1 in front."""
    for _ in range(others + axes - tensor.shape.rank):
        tensor = tf.expand_dims(tensor, 0)  # whose gradient is free, unlike that of tensor[tf.newaxis]
    return tf.transpose(tensor, [*range(others, others + axes), *range(others)])


@keras.saving.register_keras_serializable(package="keras_vae")
class DiscretisedLogisticMixture(Likelihood):
    """Pixels of 256 levels, each from a mixture of logistics that is integrated over the level.

    Salimans et al. 2017, "PixelCNN++", equations 1 to 3, without its autoregression over pixels. The channels of a
    colour pixel share the component. Given the component, the channels are independent by default. With `linear`, the
    mean of a channel is shifted by slope * r if an earlier channel differs from its own mean by r. These are the linear
    terms of PixelCNN++, written so that the mean of p(x|z), which is the image that is shown, hardly depends on them.

    For every value (pixel and channel) the decoder returns `components` logits, then as many means and log-scales, in
    units of half the range. The logit of a component is the mean of its logits over the channels. With `linear`,
    `components` slopes follow for each pair of channels. log p(x|z) is the log-probability of bytes, in nats per image;
    `evaluate` also gives it in bits per dimension.

    Args:
        components: number of components of each mixture, at least 1; 5 by default.
        linear: whether a channel depends on those before it; False by default.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if `components` is below 1.
    """

    fixed_by_mean = False
    of_bytes = True

    def __init__(self, components: int = 5, linear: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.components = whole_number("components", components, 1)
        check_kind("linear", linear, bool, "True or False")
        self.linear = linear

    @property
    def parameters_per_value(self) -> int:
        """How many decoder channels one image channel needs by itself: `3 * components`."""
        return 3 * self.components

    @property
    def parameters_shape(self) -> tuple[int, ...]:
        """(height, width, components * (3 C + C (C - 1) / 2 if linear))."""
        *sides, own = super().parameters_shape
        return (*sides, own + self._pairs(self.event_shape[-1]) * self.components)

    def _pairs(self, channels: int) -> int:
        return channels * (channels - 1) // 2 if self.linear else 0

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return p(x|z) from float32 `[..., *parameters_shape]`: channel by channel, then the slopes pair by pair."""
        width = parameters.shape[-1] // self.components
        channels = next(each for each in range(1, width + 1) if 3 * each + self._pairs(each) >= width)
        own = channels * self.parameters_per_value
        # split, not slices: the gradient of a slice fills an array of zeros on one thread, a quarter of a step here
        own_parameters, slopes = tf.split(parameters, [own, width * self.components - own], axis=-1)
        logits, mean, log_scale = tf.split(self._rows(own_parameters, channels), 3, axis=-1)
        # Spread out, so that the components differ before they are trained.
        spread = tf.constant((2 * np.arange(self.components) + 1) / self.components - 1, tf.float32)
        log_scale = SMALLEST_LOG_SCALE + softplus(log_scale - SMALLEST_LOG_SCALE)
        # A component that no pixel needs may drift there, as it does on images of two levels.
        log_scale = tf.minimum(log_scale, LARGEST_LOG_SCALE)
        half = LARGEST / 2
        slopes = self._rows(slopes, self._pairs(channels)) if self._pairs(channels) else None
        return ByteMixture(
            tf.reduce_mean(logits, axis=-2), half * (1 + mean + spread), half * tf.exp(log_scale), slopes
        )

    @staticmethod
    def _rows(parameters: tf.Tensor, rows: int) -> tf.Tensor:
        """Reshape `[..., rows * k]` to `[..., rows, k]`."""
        each = parameters.shape[-1] // rows
        split = tf.reshape(parameters, tf.concat([tf.shape(parameters)[:-1], [rows, each]], axis=0))
        split.set_shape([*parameters.shape[:-1], rows, each])
        return split

    def of_mean(self, mean: tf.Tensor) -> tfd.Distribution:
        """Raise ValueError: many mixtures have the same mean."""
        raise ValueError(
            f"{type(self).__name__} has more parameters than its mean {tuple(mean.shape)}, which does not determine "
            "p(x|z): expected the decoder's outputs; call the likelihood with them, or train with a likelihood that "
            "its mean determines"
        )

    def is_likelihood_of(self, pixels: tf.Tensor) -> tf.Tensor:
        """Whether all pixels are multiples of 1 / 255."""
        levels = pixels * LARGEST
        return tf.reduce_all(tf.abs(levels - tf.round(levels)) < 1e-3)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this likelihood again."""
        return {**super().get_config(), "components": self.components, "linear": self.linear}
