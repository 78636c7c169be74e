"""What the families of networks share: labels beside features, sizes, and the dense layers around the latent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_vae.checks.memory import check_fits_memory
from keras_vae.networks.reshaping import ToFeatureMap


def dense_layer(features: Any, units: int, **options: Any) -> Any:
    """Return what a dense layer makes of features `[n, k]`: `[n, units]`; options go to `keras.layers.Dense`.

    Raises:
        ValueError: weights that with those of the other network, its mirror image, do not fit in memory.
    """
    weights = features.shape[-1] * units
    check_fits_memory(
        f"a network with layers of {features.shape[-1]} x {units} weights",
        2 * 4 * weights,
        "lower latent_dim, the image size or the layers' widths",
    )
    return keras.layers.Dense(units, **options)(features)


def label_input(classes: int | None) -> Any:
    """Return the input of one-hot labels float32 `[n, classes]`; None for a network without."""
    return None if classes is None else keras.Input((classes,), name="label")


def beside(features: Any, label: Any) -> Any:
    """Return the features `[n, k]` with the label's numbers after them."""
    return features if label is None else keras.layers.Concatenate(name="with_label")([features, label])


def network(values: Any, label: Any, outputs: Any, name: str) -> keras.Model:
    """Return the model of `values`, or of `[values, label]`."""
    return keras.Model(values if label is None else [values, label], outputs, name=name)


def smallest_map(image_shape: Sequence[int], halvings: int) -> tuple[int, int]:
    """Return (height, width) after `halvings` halvings, each rounded up as a strided convolution does.

    Example:
        >>> smallest_map((28, 28, 1), 2), smallest_map((30, 45, 3), 3)
        ((7, 7), (4, 6))
    """
    height, width, _ = image_shape
    return math.ceil(height / 2**halvings), math.ceil(width / 2**halvings)


def cropped(maps: keras.KerasTensor, shape: Sequence[int], name: str = "crop") -> keras.KerasTensor:
    """Return maps `[n, *shape[:2], c]` of those that grew to more: where a side was rounded up, its end is cut off."""
    below, right = maps.shape[1] - shape[0], maps.shape[2] - shape[1]
    if not below and not right:
        return maps
    return keras.layers.Cropping2D(((0, below), (0, right)), name=name)(maps)


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
    features = dense_layer(features, hidden, activation=activation, name="hidden")
    outputs = dense_layer(features, encoder_outputs, name="posterior")
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
    features = dense_layer(beside(latent, label), hidden, activation=activation, name="hidden")
    features = dense_layer(features, math.prod(shape), activation=last_activation, name="grow")
    features = ToFeatureMap(shape, name="feature_map")(features)
    return latent, label, features  # pyright: ignore[reportReturnType]  Input gives one tensor, no list
