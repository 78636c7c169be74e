"""The evidence lower bound, and the beta-VAE, which weights its KL term."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae import registry
from keras_vae.checks.number import at_least
from keras_vae.objectives.kl import kl_divergence
from keras_vae.objectives.objective import Objective, Terms

tfd = tfp.distributions
Schedule = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable(package="keras_vae")
class ELBO(Objective):
    """Minimise -E_q[log p(x|z)] + kl_weight * KL(q(z|x) || p(z)), the negative ELBO when `kl_weight` is 1.

    Kingma and Welling 2013, equation 3; other weights are the beta-VAE of Higgins et al. 2017, equation 4. The reported
    terms, reconstruction and KL, are never weighted.

    Args:
        kl_weight: the factor of the KL term, at least 0, or a schedule of it: `LinearWarmUp()`, `CyclicalAnnealing()`
            or any of `keras.optimizers.schedules`; 1 by default. Validation uses the final weight.

    Raises:
        ValueError: if the weight is negative or not finite.

    Example:
        >>> from keras_vae.objectives.annealing import LinearWarmUp
        >>> float(ELBO(LinearWarmUp(steps=100)).at(25).kl_weight)
        0.25
    """

    def __init__(self, kl_weight: float | Schedule | Mapping[str, Any] = 1.0) -> None:
        if isinstance(kl_weight, Mapping):
            kl_weight = registry.deserialize("kl_weight", kl_weight)
        if not isinstance(kl_weight, Schedule):
            kl_weight = at_least("kl_weight", kl_weight, 0)
        self.kl_weight = kl_weight

    def at(self, step: tf.Tensor) -> Self:
        """Return the objective with its weight at a step."""
        return self.replace(kl_weight=self.kl_weight(step)) if isinstance(self.kl_weight, Schedule) else self

    def adapt(self, images: int, steps: int) -> Self:
        """Return the objective with its schedule, if it is one of `keras_vae`'s, fitted to `steps` training steps."""
        adapt = getattr(self.kl_weight, "adapt", None)
        return self if adapt is None else self.replace(kl_weight=adapt(steps))

    def __call__(
        self, x: tf.Tensor, z: tf.Tensor, q: tfd.Distribution, p: tfd.Distribution, prior: tfd.Distribution
    ) -> Terms:
        """Return loss, reconstruction and KL of each image, in nats."""
        reconstruction = -tf.reduce_mean(p.log_prob(x), axis=0)
        kl = kl_divergence(q, prior, z)
        return Terms(reconstruction + self.weight() * self.penalty(q, prior, kl), reconstruction, kl)

    def weight(self) -> float | tf.Tensor:
        """Return the current weight of the KL term; a schedule's final one if no step was given."""
        return self.kl_weight(tf.constant(tf.int32.max)) if isinstance(self.kl_weight, Schedule) else self.kl_weight

    def penalty(self, q: tfd.Distribution, prior: tfd.Distribution, kl: tf.Tensor) -> tf.Tensor:
        """Return what the weight multiplies, float32 `[n]`: the KL `kl` itself."""
        return kl

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this objective again."""
        scheduled = isinstance(self.kl_weight, Schedule)
        return {"kl_weight": keras.saving.serialize_keras_object(self.kl_weight) if scheduled else self.kl_weight}


@keras.saving.register_keras_serializable(package="keras_vae")
class BetaVAE(ELBO):
    """Minimise -E_q[log p(x|z)] + beta * KL(q(z|x) || p(z)).

    Higgins et al. 2017, "beta-VAE", equation 4: a beta above 1 encourages independent latents at the cost of
    image quality.

    Args:
        beta: weight of the KL, at least 0; 4 by default.

    Raises:
        ValueError: if `beta` is negative or not finite.
    """

    def __init__(self, beta: float = 4.0) -> None:
        super().__init__(at_least("beta", beta, 0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this objective again."""
        return {"beta": self.kl_weight}
