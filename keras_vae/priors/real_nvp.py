"""The RealNVP prior: a normalising flow from the standard normal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.distributions.coupling import Coupling, chain, make_couplings
from keras_vae.priors.mixture import shortest_decimals
from keras_vae.priors.prior import Prior
from keras_vae.random.portable import check_seed

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class RealNVP(Prior):
    """p(z) of z = f(u), u from N(0, I), f a chain of affine couplings, trained with the networks.

    Dinh et al. 2017, "Density estimation using Real NVP", equations 4 to 8, with TFP's bijector. Between couplings the
    order of the dimensions is reversed. log p(z) = log N(u; 0, I) - log |det df/du|. The KL to this prior has no closed
    form. Sampling uses matrix products, whose last bits differ between runtimes, so exported latents agree only to
    about 1e-5, while those of the other priors are identical bit for bit.

    Args:
        layers: number of couplings, at least 2, so that every dimension is changed; 6 by default.
        hidden: widths of each coupling's hidden layers; (64, 64) by default.
        seed: seed of the initial weights; 0 by default.
        values: values of all weights, as `snapshot` writes them; None (the default) draws them.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if there are fewer than two couplings, or only one latent dimension, which has nothing to depend on.
    """

    bit_exact = False

    def __init__(
        self,
        layers: int = 6,
        hidden: Sequence[int] = (64, 64),
        seed: int = 0,
        values: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(hidden, Sequence) or isinstance(hidden, str):
            raise ValueError(f"hidden is {shown(hidden)}: expected widths of hidden layers, such as (64, 64)")
        self.hidden = tuple(whole_number("hidden", units, 1) for units in hidden)
        self.number, self.seed = whole_number("layers", layers, 2), check_seed(seed)
        self._values = values
        self.couplings: list[Coupling] = []

    def build(self, event_shape: Sequence[int]) -> None:
        """Make the weights.

        Raises:
            ValueError: a single latent dimension.
        """
        super().build(event_shape)
        if self.couplings:
            return
        self.couplings = make_couplings(self.number, self.event_shape[0], self.hidden, self.seed)
        if self._values is not None:
            self.set_weights([np.asarray(value, np.float32) for value in self._values])

    def call(self, parameters: None = None) -> tfd.Distribution:
        """Return p(z) over float32 `[latent_dim]`, f being its bijector."""
        base = tfd.Independent(tfd.Normal(tf.zeros(self.event_shape), tf.ones(self.event_shape)), 1)
        return tfd.TransformedDistribution(base, chain(self.couplings, self.event_shape[0]))

    def reparameterize(self, distribution: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return f(noise)."""
        return distribution.bijector.forward(noise)

    def snapshot(self) -> Prior:
        """Return the flow as it stands, its weights in its configuration."""
        values = [shortest_decimals(weight) for weight in self.get_weights()]
        flow = RealNVP(self.number, self.hidden, self.seed, values, name=self.name)
        flow.build(self.event_shape)
        return flow

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this prior again; untrained, but for a snapshot."""
        config = {"layers": self.number, "hidden": list(self.hidden), "seed": self.seed}
        return {**super().get_config(), **config, **({} if self._values is None else {"values": self._values})}
