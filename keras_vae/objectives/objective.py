"""The family of objectives."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.posteriors.posterior import Posterior

tfd = tfp.distributions


class Terms(NamedTuple):
    """What an objective says of each image, in nats: three tensors float32 `[n]`."""

    loss: tf.Tensor
    reconstruction: tf.Tensor
    kl: tf.Tensor


class Objective:
    """Gives each image its terms from distributions and samples; knows no network.

    Attributes:
        samples: how many latents a training step draws for each image.
    """

    samples: int = 1

    def at(self, step: tf.Tensor) -> Objective:
        """Return the objective as it is at a training step, int32 `[]`: a copy where it changes with the step.

        Called once a step, so that a resumed training goes on with the very weight it stopped at. Without it, as in
        validation, an objective is what it ends as, so that epochs can be compared.
        """
        return self

    def check_posterior(self, family: Posterior) -> None:
        """Raise ValueError for a posterior that the objective has no right gradient for; called by the model."""
        return  # AutoGraph cannot convert a function without a body

    def sized(self, images: int, steps: int) -> Objective:
        """Return the objective with what depends on a training's size set for one of `images` images and `steps` steps.

        Called where an objective was chosen by its name, as `keras-vae train` does.
        """
        return self

    def decoded(self, z: tf.Tensor) -> tf.Tensor:
        """Return `z` as it is to be decoded and handed to `__call__`: the same values, perhaps another gradient."""
        return z

    def __call__(
        self,
        x: tf.Tensor,
        posterior: tfd.Distribution,
        prior: tfd.Distribution,
        z: tf.Tensor,
        likelihood: tfd.Distribution,
    ) -> Terms:
        """Return the terms of each image.

        Args:
            x: images float32 `[n, H, W, C]`.
            posterior: q(z|x), batch shape `[n]`.
            prior: p(z).
            z: samples of the posterior, float32 `[samples, n, latent_dim]`, as `decoded` returned them.
            likelihood: p(x|z) at `z`, batch shape `[samples, n]`.
        """
        raise NotImplementedError(f"{type(self).__name__} must define __call__(x, posterior, prior, z, likelihood)")

    def get_config(self) -> dict:
        """Return the arguments that build this objective again."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Objective:
        """Build the objective from `get_config()`."""
        return cls(**config)
