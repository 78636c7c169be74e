"""The posterior of a normalising flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import whole_number
from keras_vae.distributions.coupling import Coupling, chain, make_couplings
from keras_vae.distributions.normalizing_flow import NormalizingFlow
from keras_vae.posteriors.posterior import Posterior
from keras_vae.random.portable import check_seed

tfd = tfp.distributions
tfb = tfp.bijectors


@keras.saving.register_keras_serializable(package="keras_vae")
class CouplingFlow(Posterior):
    """q(z|x) of z = f(mean(x) + stddev(x) * noise; context(x)), f a chain of affine couplings that is trained.

    Rezende and Mohamed 2015, "Variational inference with normalizing flows", with the couplings of Dinh et al. 2017
    and, as in Kingma et al. 2016, "Improving variational inference with inverse autoregressive flow", a context from
    the encoder. The posterior can have any shape: the ELBO comes closer to log p(x), and the true posterior need not be
    close to a normal. The encoder returns means, then log-variances, then the context. Initially f is close to the
    identity, so that this posterior starts as `DiagonalNormal`.

    The KL to a prior has no closed form. The means and standard deviations that `encode` of an exported file returns
    are computed from f at fixed points; see `NormalizingFlow`.

    Args:
        couplings: number of couplings of f, at least 2, so that every dimension is changed; 6 by default.
        hidden: width of each coupling's hidden layer, at least 1; 128 by default.
        context: number of encoder outputs that the couplings see, at least 1; 64 by default.
        seed: seed of the initial weights; 0 by default.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if a number is out of range, or, when a model is created, if it has only one latent dimension.

    Example:
        >>> from keras_vae.models.vae import VAE
        >>> model = VAE.from_preset("digits_mlp", posterior=CouplingFlow(couplings=4, hidden=32, context=8))
        >>> model.encode(tf.zeros([5, 8, 8, 1])).sample(3, seed=0).shape
        TensorShape([3, 5, 8])
    """

    parameters_tell_shape = False

    def __init__(self, couplings: int = 6, hidden: int = 128, context: int = 64, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.number = whole_number("couplings", couplings, 2)
        self.hidden, self.context = whole_number("hidden", hidden, 1), whole_number("context", context, 1)
        self.seed = check_seed(seed)
        self.couplings: list[Coupling] = []

    @property
    def parameters_shape(self) -> tuple[int]:
        """`(2 * latent_dim + context,)`."""
        return (2 * self.event_shape[0] + self.context,)

    def build(self, event_shape: Sequence[int]) -> None:
        """Make the weights.

        Raises:
            ValueError: a single latent dimension, which has nothing to depend on, or another than that of the weights.
        """
        super().build(event_shape)
        if not self.couplings:
            self.couplings = make_couplings(
                self.number, self.event_shape[0], (self.hidden,), self.seed, context=self.context, activation="swish"
            )

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return q(z|x) from float32 `[n, *parameters_shape]`."""
        (latent_dim,) = self.event_shape
        mean, log_variance, context = tf.split(parameters, [latent_dim, latent_dim, -1], axis=-1)
        return NormalizingFlow(mean, tf.exp(0.5 * log_variance), context, self._flow)

    def _flow(self, context: tf.Tensor) -> tfb.Bijector:
        return chain(self.couplings, self.event_shape[0], context)

    def density_size(self) -> int:
        """Return `latent_dim + context + hidden`: what the widest coupling holds at once."""
        return self.event_shape[0] + self.context + self.hidden

    def moments(self, posterior: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation at fixed points, float32 `[n, latent_dim]` each: see `NormalizingFlow`."""
        return posterior.moments()

    def reparameterize(self, distribution: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return f(mean + stddev * noise)."""
        return distribution.reparameterize(noise)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this posterior again, untrained."""
        config = {"couplings": self.number, "hidden": self.hidden, "context": self.context, "seed": self.seed}
        return {**super().get_config(), **config}
