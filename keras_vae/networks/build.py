"""Encoder and decoder by the name of their kind."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import keras

from keras_vae import registry
from keras_vae.checks.image_shape import check_image_shape
from keras_vae.checks.number import whole_number


def returns_parameters(kind: str) -> bool:
    """Whether a kind's encoder returns a posterior's parameters for a latent as wide as it is told.

    Its function then takes `encoder_outputs`. A ladder's does not: its encoder returns features, for a latent as wide
    as its groups.

    Example:
        >>> returns_parameters("dense"), returns_parameters("ladder")
        (True, False)
    """
    return "encoder_outputs" in inspect.signature(registry.load("network", kind)).parameters


def build_networks(
    kind: str,
    image_shape: tuple[int, int, int],
    latent_dim: int | None,
    encoder_outputs: int | None,
    decoder_channels: int,
    *,
    classes: int | None = None,
    seed: int = 0,
    **arguments: object,
) -> tuple[keras.Model, keras.Model]:
    """Build the encoder and the decoder of a kind, their initial weights a function of `seed`.

    Args:
        kind: "dense", "convolutional", "ladder", "pixel_shuffle" or "residual".
        image_shape: (height, width, channels), with 1 to 16 channels.
        latent_dim: width of the latent, at least 1; None where the kind tells it.
        encoder_outputs: numbers the encoder returns for an image: the posterior's parameters; None where the kind tells
            them, as a ladder does.
        decoder_channels: numbers the decoder returns for a pixel: the likelihood's parameters.
        classes: of a conditional model, whose networks take one-hot labels `[n, classes]` as a second input; None, the
            default, for no labels.
        seed: of the initial weights; 0 by default.
        arguments: the kind's own, such as `hidden` or `filters`.

    Raises:
        ValueError: an unknown kind, an impossible shape or a latent_dim below 1.

    Example:
        >>> encoder, decoder = build_networks("dense", (8, 8, 1), 2, 4, 1, hidden=(16,))
        >>> encoder.output_shape, decoder.output_shape
        ((None, 4), (None, 8, 8, 1))
    """
    network = registry.load("network", kind)
    if latent_dim is not None:
        latent_dim = whole_number("latent_dim", latent_dim, 1)
    image_shape = check_image_shape(image_shape)
    if encoder_outputs is not None:
        arguments = {"encoder_outputs": encoder_outputs, **arguments}
    try:
        encoder, decoder = network(
            image_shape, latent_dim, decoder_channels=decoder_channels, classes=classes, **arguments
        )
    except TypeError as error:
        raise ValueError(
            f"arguments of the {kind} network are {', '.join(arguments)} ({error}): expected those that it takes; see "
            f"keras_vae.networks.{kind}"
        ) from error
    initialise(encoder, decoder, seed=seed)
    return encoder, decoder


def initialise(*networks: keras.Model, seed: int) -> None:
    """Draw every kernel anew from the seed: Keras' default initialisers follow a global state instead."""
    kernels = (layer for network in networks for layer in _layers(network) if hasattr(layer, "kernel"))
    for number, layer in enumerate(kernels):
        config = {**layer.kernel_initializer.get_config()}
        if "seed" in config:
            config["seed"] = seed * 1000 + number
        initializer = type(layer.kernel_initializer).from_config(config)
        layer.kernel.assign(initializer(layer.kernel.shape, dtype=layer.kernel.dtype))


def _layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a network and of the networks in it."""
    for layer in network.layers:
        yield from _layers(layer) if isinstance(layer, keras.Model) else (layer,)
