"""The family of priors p(z)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import ArrayLike

from keras_vae.distributions.conditional import ConditionalDistribution
from keras_vae.random.portable import latents

Encode = Callable[[tf.Tensor], tfp.distributions.Distribution]


class Prior(ConditionalDistribution):
    """A distribution over latents: call it without arguments to get p(z) over float32 `[latent_dim]`.

    `reparameterize` is part of every exported `generate`, so it is made of operations that TFLite and ONNX have.

    Attributes:
        bit_exact: whether every runtime draws the same latents to the last bit.
        num_components: of which the density of a latent is the sum, each held at once.
    """

    parameters_tell_shape = False
    bit_exact: bool = True
    num_components: int = 1

    def set_encoder(self, encode: Encode, image_shape: Sequence[int]) -> None:
        """Take the model's encoder, before `build`; of use to a prior that is made of posteriors.

        Args:
            encode: images float32 `[n, H, W, C]` to q(z|x). It is kept, but none of its weights becomes the prior's.
            image_shape: (height, width, channels).
        """

    def adapt(self, images: np.ndarray, seed: int = 0) -> None:
        """Take a start from training images uint8 `[n, H, W, C]`, where a prior has use for them.

        Args:
            images: all of them.
            seed: of those that are chosen; 0 by default.
        """

    def sample_latents(
        self, seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, temperature: tf.Tensor | float
    ) -> tf.Tensor:
        """Return samples float32 `[n, latent_dim]` by the portable generator.

        Args:
            seed: int32 `[]`.
            index: image numbers int32 `[n]`, not negative; row i depends on (seed, index[i], temperature) alone.
            temperature: float32 `[]`, the factor of the noise.
        """
        return self.reparameterize(self(), latents(seed, index, self.event_shape[0], temperature))

    def snapshot(self) -> Prior:
        """Return the same p(z) as a prior that `get_config` describes wholly, its numbers included.

        For a file that leaves Python: it needs no weights, no encoder, and draws bit for bit what this one draws.
        """
        return self
