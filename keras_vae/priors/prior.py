"""The base class of priors p(z)."""

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
        num_components: number of components whose densities are summed, all of them in memory at once.
    """

    parameters_tell_shape = False
    bit_exact: bool = True
    num_components: int = 1

    def set_encoder(self, encode: Encode, image_shape: Sequence[int]) -> None:
        """Receive the model's encoder before `build`, for priors that are made of posteriors.

        Args:
            encode: a function from images float32 `[n, H, W, C]` to q(z|x). The prior keeps it, but does not own its
                weights.
            image_shape: (height, width, channels).
        """

    def adapt(self, images: np.ndarray, seed: int = 0) -> None:
        """Initialise the prior from training images uint8 `[n, H, W, C]`, if it uses them.

        Args:
            images: all training images.
            seed: seed of the choice among them; 0 by default.
        """

    def sample_latents(
        self, seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, temperature: tf.Tensor | float
    ) -> tf.Tensor:
        """Return samples float32 `[n, latent_dim]` from the portable random number generator.

        Args:
            seed: int32 `[]`.
            index: image numbers int32 `[n]`, not negative; row i depends only on (seed, index[i], temperature).
            temperature: float32 `[]`, the factor of the noise.
        """
        return self.reparameterize(self(), latents(seed, index, self.event_shape[0], temperature))

    def snapshot(self) -> Prior:
        """Return the same p(z) as a prior that `get_config` describes completely, including its weights.

        Exported files use it: it needs no weights and no encoder, and it draws the same latents, bit for bit.
        """
        return self
