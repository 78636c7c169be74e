"""The dense layers between feature maps and latent, the same in every convolutional family."""

from __future__ import annotations

import math

import keras

from keras_vae.networks.conditioning import beside, label_input, network
from keras_vae.networks.reshaping import ToFeatureMap


def encoder_from(
    image: keras.KerasTensor,
    features: keras.KerasTensor,
    encoder_outputs: int,
    *,
    classes: int | None,
    hidden: int,
    activation: str,
) -> keras.Model:
    """Close an encoder: from its last feature maps `[n, h, w, c]` to the posterior's `[n, encoder_outputs]`."""
    label = label_input(classes)
    features = beside(keras.layers.Flatten(name="flatten")(features), label)
    features = keras.layers.Dense(hidden, activation=activation, name="hidden")(features)
    outputs = keras.layers.Dense(encoder_outputs, name="posterior")(features)
    return network(image, label, outputs, "encoder")


def innermost_map(
    latent_dim: int,
    shape: tuple[int, int, int],
    *,
    classes: int | None,
    hidden: int,
    activation: str,
    last_activation: str | None,
) -> tuple[keras.KerasTensor, keras.KerasTensor | None, keras.KerasTensor]:
    """Open a decoder: its inputs latent `[n, latent_dim]` and label, and its first feature maps `[n, *shape]`."""
    latent, label = keras.Input((latent_dim,), name="latent"), label_input(classes)
    features = keras.layers.Dense(hidden, activation=activation, name="hidden")(beside(latent, label))
    features = keras.layers.Dense(math.prod(shape), activation=last_activation, name="grow")(features)
    features = ToFeatureMap(shape, name="feature_map")(features)
    return latent, label, features  # pyright: ignore[reportReturnType]  Input gives one tensor, no list
