"""Dense networks: images as vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_vae.networks.bottleneck import beside, dense_layer, label_input, network
from keras_vae.networks.reshaping import ToFeatureMap


def dense(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    encoder_outputs: int,
    decoder_channels: int,
    *,
    classes: int | None = None,
    hidden: Sequence[int] = (500,),
    activation: str = "relu",
) -> tuple[keras.Model, keras.Model]:
    """Build a dense encoder and its mirror image as decoder.

    Args:
        image_shape: (height, width, channels).
        latent_dim: width of the latent.
        encoder_outputs: numbers the encoder returns for an image.
        decoder_channels: numbers the decoder returns for a pixel.
        classes: of a conditional model, whose networks take one-hot labels `[n, classes]` too; None by default.
        hidden: widths of the hidden layers, from the image inwards.
        activation: of the hidden layers; "gated" has each unit multiplied by a sigmoid of its own (Dauphin et al. 2017,
            equation 1), with twice the weights.

    Returns:
        The encoder `[n, H, W, C] -> [n, encoder_outputs]` and the decoder
        `[n, latent_dim] -> [n, H, W, decoder_channels]`.
    """
    height, width, _ = image_shape
    image = keras.Input(image_shape, name="image")
    label = label_input(classes)
    features = beside(keras.layers.Flatten(name="flatten")(image), label)
    for depth, units in enumerate(hidden):
        features = _hidden(features, units, activation, f"hidden_{depth}")
    outputs = dense_layer(features, encoder_outputs, name="posterior")
    encoder = network(image, label, outputs, "encoder")

    latent, label = keras.Input((latent_dim,), name="latent"), label_input(classes)
    features = beside(latent, label)
    for depth, units in enumerate(reversed(hidden)):
        features = _hidden(features, units, activation, f"hidden_{depth}")
    shape = (height, width, decoder_channels)
    features = dense_layer(features, math.prod(shape), name="pixels")
    pixels = ToFeatureMap(shape, name="likelihood")(features)
    return encoder, network(latent, label, pixels, "decoder")


def _hidden(features: Any, units: int, activation: str, name: str) -> Any:
    if activation != "gated":
        return dense_layer(features, units, activation=activation, name=name)
    values = dense_layer(features, units, name=name)
    gates = dense_layer(features, units, activation="sigmoid", name=f"{name}_gates")
    return keras.layers.Multiply(name=f"{name}_gated")([values, gates])
