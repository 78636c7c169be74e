"""A conditional distribution as a Keras layer: the base of likelihoods, posteriors and priors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp


class ConditionalDistribution(keras.layers.Layer):
    """A family of distributions over one kind of value: build it for the value's shape, call it for a distribution.

    A layer, so that a family may own weights (a learned scale, a flow) and is saved with its model. It computes in
    float32 whatever the precision policy.

    Attributes:
        event_shape: of one value, once it is built: `(latent_dim,)` or `(height, width, channels)`.
        parameters_tell_shape: whether it may be called before it is built, its parameters telling the shape of a value.
    """

    parameters_tell_shape: bool = True
    event_shape: tuple[int, ...] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.built: bool = self.parameters_tell_shape

    def __call__(self, *args: Any, **kwargs: Any) -> tfp.distributions.Distribution:
        """Return the distribution, as `call` says.

        Raises:
            ValueError: a family that must be built first, and was not.
        """
        if not (self.event_shape or self.parameters_tell_shape):
            raise ValueError(
                f"this {type(self).__name__} does not belong to a model: expected the shape of its values before it is "
                "called; pass it to a VAE, or call build((latent_dim,))"
            )
        return super().__call__(*args, **kwargs)

    @property
    def parameters_shape(self) -> tuple[int, ...]:
        """The shape of the parameters of one value's distribution: what the network in front returns for an image."""
        return self.event_shape

    def build(self, event_shape: Sequence[int]) -> None:
        """Make the weights for values of a shape; the model calls it once.

        Raises:
            ValueError: another shape than it was built for before.
        """
        event_shape = tuple(event_shape)
        if self.event_shape and event_shape != self.event_shape:
            raise ValueError(
                f"event_shape is {event_shape}, but this {type(self).__name__} belongs to a model of "
                f"{self.event_shape}: expected one for each model; make another {type(self).__name__}"
            )
        self.event_shape = event_shape

    def call(self, parameters: tf.Tensor | None = None) -> tfp.distributions.Distribution:
        """Return the distribution that a network's outputs, float32 `[..., *parameters]`, are the parameters of."""
        raise NotImplementedError(f"{type(self).__name__} must define call(parameters)")

    def reparameterize(self, distribution: tfp.distributions.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return samples of `distribution` as a differentiable function of its parameters and standard normal noise.

        The noise comes from outside, so that one (seed, step) gives one noise for a whole batch, on any number of
        replicas (Kingma and Welling 2013, section 2.4).
        """
        raise NotImplementedError(f"{type(self).__name__} must define reparameterize(distribution, noise)")

    def get_build_config(self) -> None:
        """Return None: the model builds its parts, also when it is read from a file."""
