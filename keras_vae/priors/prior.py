"""The family of priors p(z)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp


class Prior(keras.layers.Layer):
    """A distribution over latents, computed in float32; a Keras layer so that it may own weights."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})

    def distribution(self, latent_dim: int) -> tfp.distributions.Distribution:
        """Return p(z) over latents float32 `[latent_dim]`."""
        raise NotImplementedError(f"{type(self).__name__} must define distribution(latent_dim)")

    def from_noise(self, noise: tf.Tensor) -> tf.Tensor:
        """Carry standard normal `noise` float32 `[n, latent_dim]` to samples of the prior, deterministically."""
        raise NotImplementedError(f"{type(self).__name__} must define from_noise(noise)")
