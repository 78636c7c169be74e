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


def with_label_maps(features: Any, label: Any) -> Any:
    """Return the maps `[n, h, w, c]` with one for each of the label's numbers after them."""
    if label is None:
        return features
    _, height, width, _ = features.shape
    (classes,) = label.shape[1:]
    places = keras.layers.RepeatVector(height * width, name="label_at_places")(label)
    maps = ToFeatureMap((height, width, classes), name="label_maps")(places)
    return keras.layers.Concatenate(name="with_label")([features, maps])


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
    latent_maps: int | None = None,
    activation: str,
) -> keras.Model:
    """Close an encoder: from its last feature maps `[n, h, w, c]` to the posterior's `[n, encoder_outputs]`.

    Args:
        image: its input.
        features: its last feature maps.
        encoder_outputs: what the posterior takes.
        classes: of a conditional model, if any.
        hidden: width of the dense layer between the maps and the posterior.
        latent_maps: the number of feature maps that are the latent, in place of dense layers; None for these.
        activation: of the dense layer.

    Raises:
        ValueError: with `latent_maps`, a posterior that takes more than a few numbers for each latent.
    """
    label = label_input(classes)
    if latent_maps is not None:
        _, height, width, _ = features.shape
        each, rest = divmod(encoder_outputs, latent_maps * height * width)
        if rest:
            raise ValueError(
                f"the posterior takes {encoder_outputs} numbers per image: expected the same number for each of the "
                f"{latent_maps * height * width} latents of {latent_maps} maps; use diagonal_normal, or leave out "
                "latent_maps"
            )
        features = with_label_maps(features, label)
        parts = [
            keras.layers.Conv2D(latent_maps, 3, padding="same", name=f"posterior_{part}")(features)
            for part in range(each)
        ]
        parts = [keras.layers.Flatten(name=f"flatten_{part}")(maps) for part, maps in enumerate(parts)]
        return network(image, label, keras.layers.Concatenate(name="posterior")(parts), "encoder")
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
    latent_maps: int | None = None,
    activation: str,
    last_activation: str | None,
) -> tuple[keras.KerasTensor, keras.KerasTensor | None, keras.KerasTensor]:
    """Open a decoder: its inputs latent `[n, latent_dim]` and label, and its first feature maps `[n, *shape]`.

    Raises:
        ValueError: with `latent_maps`, another `latent_dim` than these maps have.
    """
    latent, label = keras.Input((latent_dim,), name="latent"), label_input(classes)
    if latent_maps is not None:
        height, width, channels = shape
        if latent_dim != latent_maps * height * width:
            raise ValueError(
                f"latent_dim is {latent_dim}: expected {latent_maps * height * width}, the size of {latent_maps} maps "
                f"of {height} x {width}; leave out latent_dim or latent_maps"
            )
        maps = with_label_maps(ToFeatureMap((height, width, latent_maps), name="latent_maps")(latent), label)
        features = keras.layers.Conv2D(channels, 3, padding="same", activation=last_activation, name="grow")(maps)
        return latent, label, features  # pyright: ignore[reportReturnType]  Input gives one tensor, no list
    features = dense_layer(beside(latent, label), hidden, activation=activation, name="hidden")
    features = dense_layer(features, math.prod(shape), activation=last_activation, name="grow")
    features = ToFeatureMap(shape, name="feature_map")(features)
    return latent, label, features  # pyright: ignore[reportReturnType]  Input gives one tensor, no list
