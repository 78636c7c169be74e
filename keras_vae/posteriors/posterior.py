"""The family of approximate posteriors q(z|x)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp


class Posterior(keras.layers.Layer):
    """Turns the encoder's outputs into a distribution over latents, in float32."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})

    def bind(self, latent_dim: int) -> None:
        """Make what weights the family has of its own, for a model that calls it once when it is made."""

    def parameter_count(self, latent_dim: int) -> int:
        """Return how many encoder outputs an image needs for `latent_dim` latent dimensions."""
        raise NotImplementedError(f"{type(self).__name__} must define parameter_count(latent_dim)")

    def numbers(self, latent_dim: int) -> int:
        """Return how many numbers the density of one latent holds at once: `latent_dim` by default."""
        return latent_dim

    def distribution(self, parameters: tf.Tensor, latent_dim: int) -> tfp.distributions.Distribution:
        """Return q(z|x) from encoder outputs float32 `[n, parameter_count(latent_dim)]`; event shape `[latent_dim]`."""
        raise NotImplementedError(f"{type(self).__name__} must define distribution(parameters, latent_dim)")

    def moments(self, posterior: tfp.distributions.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation of `posterior`, float32 `[n, latent_dim]` each."""
        return posterior.mean(), posterior.stddev()

    def from_noise(self, posterior: tfp.distributions.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Reparameterise: carry standard normal `noise` float32 `[..., n, latent_dim]` to samples of `posterior`.

        The sample is a differentiable function of the encoder's outputs (Kingma and Welling 2013, section 2.4),
        and the noise is drawn outside, so that one (seed, step) gives one noise for a whole batch.
        """
        raise NotImplementedError(f"{type(self).__name__} must define from_noise(posterior, noise)")
