"""The family of priors p(z)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.random.portable import latents

Encode = Callable[[tf.Tensor], tfp.distributions.Distribution]


class Prior(keras.layers.Layer):
    """A distribution over latents, computed in float32; a Keras layer so that it may own weights.

    Attributes:
        bit_exact: whether every runtime draws the same latents to the last bit.
        terms: of which the density of a latent is the sum, each held at once.
    """

    bit_exact: bool = True
    terms: int = 1

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})

    def bind(self, encode: Encode, image_shape: Sequence[int], latent_dim: int) -> None:
        """Take the place of p(z) in a model, which calls it once when it is made; weights are made here.

        Args:
            encode: images float32 `[n, H, W, C]` to q(z|x), for a prior made of posteriors. It is kept, but none of
                its weights becomes the prior's.
            image_shape: (height, width, channels).
            latent_dim: width of the latent.
        """

    def start_from(self, images: np.ndarray, seed: int = 0) -> None:
        """Take a start from training images uint8 `[n, H, W, C]`, where a prior has use for them.

        Args:
            images: all of them.
            seed: of those that are chosen; 0 by default.
        """

    def distribution(self, latent_dim: int) -> tfp.distributions.Distribution:
        """Return p(z) over latents float32 `[latent_dim]`."""
        raise NotImplementedError(f"{type(self).__name__} must define distribution(latent_dim)")

    def from_noise(self, noise: tf.Tensor) -> tf.Tensor:
        """Carry standard normal `noise` float32 `[n, latent_dim]` to samples of the prior, deterministically.

        By operations that TFLite and ONNX have: it is part of every exported `generate`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define from_noise(noise)")

    def draw(self, seed: tf.Tensor, index: tf.Tensor, latent_dim: int, temperature: tf.Tensor) -> tf.Tensor:
        """Return samples float32 `[n, latent_dim]` by the portable generator.

        Args:
            seed: int32 `[]`.
            index: image numbers int32 `[n]`, not negative; row i depends on (seed, index[i], temperature) alone.
            latent_dim: width of the latent.
            temperature: float32 `[]`, the factor of the noise.
        """
        return self.from_noise(latents(seed, index, latent_dim, temperature))

    def frozen(self, latent_dim: int) -> Prior:
        """Return the same p(z) as a prior that `get_config` describes wholly, its numbers included.

        For a file that leaves Python: it needs no weights, no encoder, and draws bit for bit what this one draws.
        """
        return self
