"""One affine coupling: some dimensions are shifted and scaled by a network of the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

tfb = tfp.bijectors


class Coupling(keras.layers.Layer):
    """The shift and log-scale of some dimensions as a network of the others, each log-scale within (-2, 2).

    Args:
        hidden: widths of the hidden layers.
        seed: of the weights to start from; the flow starts near the identity.
        activation: of the hidden layers; "tanh" by default.
        kwargs: Keras' own, such as `name`.
    """

    def __init__(self, hidden: Sequence[int], seed: int, activation: str = "tanh", **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.hidden: tuple[int, ...] = tuple(hidden)
        self.seed = seed
        self.activation = activation

    def build(self, inputs: int, outputs: int) -> None:
        """Make the weights for so many inputs and outputs."""
        self.dense: list[keras.layers.Dense] = []
        for number, units in enumerate([*self.hidden, 2 * outputs]):
            last, seed = number == len(self.hidden), self.seed + number
            near_zero = keras.initializers.RandomNormal(stddev=0.01, seed=seed)
            layer = keras.layers.Dense(
                units,
                None if last else self.activation,
                kernel_initializer=near_zero if last else keras.initializers.GlorotUniform(seed=seed),
                dtype="float32",
            )
            layer.build((None, inputs))
            self.dense.append(layer)
            inputs = units

    def shift_and_log_scale(
        self, kept: tf.Tensor, outputs: int, *, context: tf.Tensor | None = None, **_: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return both, float32 `[..., outputs]` each; called by TFP.

        Args:
            kept: the dimensions that stay, float32 `[..., inputs]`.
            outputs: how many are shifted and scaled.
            context: what else the network sees, float32 `[..., c]`, its leading axes broadcastable to those of `kept`;
                nothing by default.
        """
        features = kept
        if context is not None:
            shape = tf.concat([tf.shape(kept)[:-1], tf.shape(context)[-1:]], axis=0)
            features = tf.concat([kept, tf.broadcast_to(context, shape)], axis=-1)
        # As rows: with more than two axes, and sizes unknown, Keras' Dense adds some twenty operators for the shape.
        batch, rows = tf.shape(features)[:-1], tf.reshape(features, [-1, features.shape[-1]])
        for layer in self.dense:
            rows = layer(rows)
        shift, log_scale = tf.split(tf.reshape(rows, tf.concat([batch, [2 * outputs]], axis=0)), 2, axis=-1)
        return shift, 2 * tf.tanh(log_scale)


def make_couplings(
    number: int, latent_dim: int, hidden: Sequence[int], seed: int, *, context: int = 0, activation: str = "tanh"
) -> list[Coupling]:
    """Return couplings with weights, for `chain`.

    Args:
        number: how many.
        latent_dim: width of the latent.
        hidden: widths of each one's hidden layers.
        seed: of the weights to start from.
        context: how many numbers the networks see beside the dimensions that stay; none by default.
        activation: of the hidden layers; "tanh" by default.

    Raises:
        ValueError: a single latent dimension, which has nothing to depend on.
    """
    if latent_dim < 2:
        raise ValueError(
            f"latent_dim is {latent_dim}: expected at least 2 for a flow of couplings; increase latent_dim"
        )
    kept, couplings = latent_dim // 2, []
    for place in range(number):
        coupling = Coupling(hidden, 1000 * seed + 10 * place, activation, name=f"coupling_{place}")
        coupling.build(kept + context, latent_dim - kept)
        couplings.append(coupling)
    return couplings


def chain(couplings: Sequence[Coupling], latent_dim: int, context: tf.Tensor | None = None) -> tfb.Bijector:
    """Return the couplings one after another, the dimensions reversed between them, from noise to latents.

    Dinh et al. 2017, "Density estimation using Real NVP", equations 4 to 8, by TFP's bijector.

    Args:
        couplings: from `make_couplings`. TFP applies the last first.
        latent_dim: width of the latent.
        context: what the couplings' networks see beside the dimensions that stay, float32 `[..., c]`.
    """

    def one(coupling: Coupling) -> tfb.Bijector:
        shift_and_log_scale = partial(coupling.shift_and_log_scale, context=context)
        return tfb.RealNVP(latent_dim // 2, shift_and_log_scale_fn=shift_and_log_scale)

    reverse = tfb.Permute(np.arange(latent_dim)[::-1].astype(np.int32))
    parts: list[tfb.Bijector] = []
    for coupling in couplings:
        parts += [one(coupling), reverse]
    return tfb.Chain(parts[:-1])
