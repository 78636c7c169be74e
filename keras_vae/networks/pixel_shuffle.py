"""Small convolutional networks whose decoder never works at full resolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from keras_vae.networks.bottleneck import cropped, encoder_from, innermost_map, network, smallest_map
from keras_vae.networks.reshaping import DepthToSpace


def pixel_shuffle(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    encoder_outputs: int,
    decoder_channels: int,
    *,
    classes: int | None = None,
    filters: Sequence[int] = (24, 32),
    decoder_filters: int = 24,
    hidden: int = 256,
    activation: str = "swish",
) -> tuple[keras.Model, keras.Model]:
    """Build an encoder of strided convolutions, and a decoder whose last convolution gives 2 x 2 pixels at each place.

    The decoder's largest maps have half the image's side: no convolution is paid for at full resolution.

    Args:
        image_shape: (height, width, channels).
        latent_dim: width of the latent.
        encoder_outputs: numbers the encoder returns for an image.
        decoder_channels: numbers the decoder returns for a pixel.
        classes: of a conditional model, whose networks take one-hot labels `[n, classes]` too; None by default.
        filters: of the encoder's stages, from the image inwards; each halves the image.
        decoder_filters: of every map of the decoder.
        hidden: width of the dense layer between feature maps and latent.
        activation: of every layer but the last.

    Returns:
        The encoder `[n, H, W, C] -> [n, encoder_outputs]` and the decoder
        `[n, latent_dim] -> [n, H, W, decoder_channels]`.
    """
    height, width = smallest_map(image_shape, len(filters))

    def conv(features: keras.KerasTensor, channels: int, name: str, **options: Any) -> keras.KerasTensor:
        options = {"activation": activation, "kernel_size": 3, **options}
        return keras.layers.Conv2D(channels, padding="same", name=name, **options)(features)

    image = keras.Input(image_shape, name="image")
    features = image
    for stage, channels in enumerate(filters):
        features = conv(features, channels, f"down_{stage}", strides=2, kernel_size=3 if stage else 5)
    encoder = encoder_from(image, features, encoder_outputs, classes=classes, hidden=hidden, activation=activation)

    latent, label, features = innermost_map(
        latent_dim,
        (height, width, decoder_filters),
        classes=classes,
        hidden=hidden,
        activation=activation,
        last_activation=activation,
    )
    for stage in range(len(filters) - 1):
        features = conv(features, 4 * decoder_filters, f"up_{stage}")
        features = DepthToSpace(name=f"sub_pixel_{stage}")(features)
    features = conv(features, decoder_filters, "mix")
    features = conv(features, 4 * decoder_channels, "likelihood", activation=None)
    pixels = DepthToSpace(name="pixels")(features)
    return encoder, network(latent, label, cropped(pixels, image_shape), "decoder")
