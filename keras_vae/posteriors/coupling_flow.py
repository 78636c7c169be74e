"""The posterior of a normalising flow."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.check_number import whole_number
from keras_vae.flows.carried_normal import CarriedNormal
from keras_vae.flows.coupling import Coupling, chain
from keras_vae.posteriors.posterior import Posterior
from keras_vae.random.portable import check_seed

tfd, tfb = tfp.distributions, tfp.bijectors


@keras.saving.register_keras_serializable(package="keras_vae")
class CouplingFlow(Posterior):
    """q(z|x) of z = f(mean(x) + stddev(x) * noise; context(x)), f a chain of affine couplings that is trained.

    Rezende and Mohamed 2015, "Variational inference with normalizing flows", with the couplings of Dinh et al. 2017
    and, as in Kingma et al. 2016, "Improving variational inference with inverse autoregressive flow", a context from
    the encoder. A posterior of any shape: the ELBO comes nearer to log p(x), and the decoder need not keep posteriors
    normal. The encoder returns means, then log-variances, then the context. At the start f is near the identity,
    and this is `DiagonalNormal`.

    The KL to a prior has no closed form. Means and standard deviations, which `encode` of an exported file
    returns, are those of f at fixed points: see `CarriedNormal`.

    Args:
        couplings: of f, at least 2, so that every dimension is changed; 6 by default.
        hidden: width of each coupling's hidden layer, at least 1; 128 by default.
        context: encoder outputs that the couplings see, at least 1; 64 by default.
        seed: of the weights to start from; 0 by default.
        kwargs: Keras' own, such as `name`.

    Raises:
        ValueError: a number out of range; when a model is made, a single latent dimension.

    Example:
        >>> from keras_vae.models.vae import VAE
        >>> model = VAE.from_preset("digits_mlp", posterior=CouplingFlow(couplings=4, hidden=32, context=8))
        >>> model.encode(tf.zeros([5, 8, 8, 1])).sample(3, seed=0).shape
        TensorShape([3, 5, 8])
    """

    def __init__(self, couplings: int = 6, hidden: int = 128, context: int = 64, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.number = whole_number("couplings", couplings, 2)
        self.hidden, self.context = whole_number("hidden", hidden, 1), whole_number("context", context, 1)
        self.seed = check_seed(seed)
        self.couplings: list[Coupling] = []

    def parameter_count(self, latent_dim: int) -> int:
        """Return `2 * latent_dim + context`."""
        return 2 * latent_dim + self.context

    def bind(self, latent_dim: int) -> None:
        """Make the weights.

        Raises:
            ValueError: a single latent dimension, which has nothing to depend on, or another than that of the weights.
        """
        if latent_dim < 2:
            raise ValueError(f"latent_dim is {latent_dim}: expected at least 2 for a coupling_flow; widen the latent")
        if self.couplings and latent_dim != self._latent_dim:
            raise ValueError(
                f"latent_dim is {latent_dim}, but this CouplingFlow belongs to a model of {self._latent_dim}: expected "
                "one for each model; make another CouplingFlow"
            )
        if self.couplings:
            return
        self._latent_dim = latent_dim
        kept = latent_dim // 2
        for number in range(self.number):
            seed = 1000 * self.seed + 10 * number
            coupling = Coupling((self.hidden,), seed, "swish", name=f"coupling_{number}")
            coupling.make(kept + self.context, latent_dim - kept)
            self.couplings.append(coupling)
        self.built = True

    def distribution(self, parameters: tf.Tensor, latent_dim: int) -> tfd.Distribution:
        """Return q(z|x) from float32 `[n, parameter_count(latent_dim)]`."""
        self.bind(latent_dim)
        mean, log_variance, context = tf.split(parameters, [latent_dim, latent_dim, -1], axis=-1)
        return CarriedNormal(mean, tf.exp(0.5 * log_variance), context, self._flow)

    def _flow(self, context: tf.Tensor) -> tfb.Bijector:
        return chain(self.couplings, self._latent_dim, context)

    def numbers(self, latent_dim: int) -> int:
        """Return `latent_dim + context + hidden`: what the widest coupling holds at once."""
        return latent_dim + self.context + self.hidden

    def moments(self, posterior: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation at fixed points, float32 `[n, latent_dim]` each: see `CarriedNormal`."""
        return posterior.moments()

    def from_noise(self, posterior: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return f(mean + stddev * noise)."""
        return posterior.from_noise(noise)

    def get_config(self) -> dict:
        """Return the arguments that build this posterior again, untrained."""
        config = {"couplings": self.number, "hidden": self.hidden, "context": self.context, "seed": self.seed}
        return {**super().get_config(), **config}
