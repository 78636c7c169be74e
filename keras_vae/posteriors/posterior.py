"""The base class of approximate posteriors q(z|x)."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.distributions.conditional import ConditionalDistribution

tfd = tfp.distributions


class Posterior(ConditionalDistribution):
    """Turns the encoder's outputs into a distribution over latents.

    Call it with outputs float32 `[n, *parameters_shape]`; the distribution has the event shape `[latent_dim]`.

    Attributes:
        has_density: whether q(z|x) has a density, and with it a KL and an ELBO.
        widths: number of latents in each group, for a posterior that is autoregressive over groups; () for others.
    """

    has_density: bool = True
    widths: tuple[int, ...] = ()

    def set_networks(self, encoder: keras.Model, decoder: keras.Model) -> None:
        """Receive the networks. The model calls this once, before the networks are first run."""

    def infer(
        self,
        parameters: tf.Tensor,
        noise: tf.Tensor,
        decode: Callable[[tf.Tensor], tf.Tensor],
        path: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        """Return q(z|x), samples of it and the decoder's outputs for the samples: everything a bound on log p(x) needs.

        One method returns all three because a posterior that is autoregressive over groups of latents computes them in
        a single pass through the decoder's stages, together with the encoder's features. Such a posterior overrides
        this method.

        Args:
            parameters: what the encoder returned.
            noise: standard normal, float32 `[samples, n, latent_dim]`.
            decode: a function from latents float32 `[samples, n, latent_dim]` to the decoder's outputs.
            path: an identity function through which an objective can reweight the samples' gradient.
        """
        q = self(parameters)
        z = path(self.reparameterize(q, noise))
        return q, z, decode(z)

    def density_size(self) -> int:
        """Return how many numbers the density of one latent keeps in memory at once: `latent_dim` by default."""
        return self.event_shape[0]

    def moments(self, posterior: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation of `posterior`, float32 `[n, latent_dim]` each."""
        return posterior.mean(), posterior.stddev()
