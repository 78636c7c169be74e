"""The base class of objectives."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.shown import shown
from keras_vae.posteriors.posterior import Posterior

tfd = tfp.distributions


class Terms(NamedTuple):
    """The terms of an objective for each image, in nats: three tensors float32 `[n]`."""

    loss: tf.Tensor
    reconstruction: tf.Tensor
    kl: tf.Tensor

    def plus(self, losses: Sequence[tf.Tensor]) -> Terms:
        """Return the terms with the losses that layers add for a batch, such as regularizers, in each image's loss."""
        return self._replace(loss=self.loss + tf.add_n(losses)) if losses else self


class Objective:
    """Computes the terms of each image from distributions and samples, without the networks.

    Attributes:
        samples: how many latents a training step draws for each image.
        logged: the names under which `fit` logs the terms.
    """

    samples: int = 1
    logged: tuple[str, ...] = ("loss", "reconstruction_loss", "kl_loss")

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute for the first time.

        Raises:
            AttributeError: one that is set already, since a model's compiled steps would not see it.
        """
        if name in vars(self):
            raise AttributeError(
                f"{name} is set to {shown(value)} on an objective that has one: expected it to stay as it was made; "
                "give the model a new one by model.objective = ..., or a schedule such as LinearWarmUp"
            )
        super().__setattr__(name, value)

    def replace(self, **attributes: Any) -> Self:
        """Return a copy with other attributes, as `dataclasses.replace` does."""
        other = copy.copy(self)
        vars(other).update(attributes)
        return other

    def __call__(
        self, x: tf.Tensor, z: tf.Tensor, q: tfd.Distribution, p: tfd.Distribution, prior: tfd.Distribution
    ) -> Terms:
        """Return the terms of each image.

        Args:
            x: images float32 `[n, H, W, C]`.
            z: samples of the posterior, float32 `[samples, n, latent_dim]`.
            q: the posterior q(z|x), batch shape `[n]`.
            p: the likelihood p(x|z) at `z`, batch shape `[samples, n]`.
            prior: p(z).
        """
        raise NotImplementedError(f"{type(self).__name__} must define __call__(x, z, q, p, prior)")

    def at(self, step: tf.Tensor) -> Self:
        """Return the objective as it is at a training step, int32 `[]`: a copy where it changes with the step.

        It is called once per step, so that resumed training continues with the weight at which it stopped. If it is not
        called, as in validation, the objective has its final weight, so that epochs can be compared.
        """
        return self

    def path(self, z: tf.Tensor) -> tf.Tensor:
        """Return samples `z` as they are decoded and evaluated: the same values, perhaps with another gradient."""
        return tf.identity(z)

    def check_posterior(self, posterior: Posterior) -> None:
        """Raise ValueError if the objective has no value, or no correct gradient, for a posterior."""
        if not posterior.has_density:
            raise ValueError(
                f"posterior is {type(posterior).__name__}, which has no density, but {type(self).__name__} needs a KL: "
                "expected one such as diagonal_normal; or use the objective Reconstruction()"
            )

    def adapt(self, images: int, steps: int) -> Self:
        """Return the objective with its arguments adapted to training with `images` images and `steps` steps.

        It is called if an objective was chosen by name, as `keras-vae train` does.
        """
        return self

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build the objective again."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the objective from `get_config()`."""
        return cls(**config)
