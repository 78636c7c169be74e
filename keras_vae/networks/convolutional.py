"""Convolutional networks with a sub-pixel decoder."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from keras_vae.networks.bottleneck import cropped, encoder_from, innermost_map, network, smallest_map
from keras_vae.networks.reshaping import DepthToSpace


def convolutional(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    encoder_outputs: int,
    decoder_channels: int,
    *,
    classes: int | None = None,
    filters: Sequence[int] = (32, 64),
    hidden: int = 128,
    latent_maps: int | None = None,
    activation: str = "relu",
) -> tuple[keras.Model, keras.Model]:
    """Build an encoder of strided convolutions and a decoder of convolutions and sub-pixel upsampling.

    Args:
        image_shape: (height, width, channels).
        latent_dim: width of the latent.
        encoder_outputs: numbers the encoder returns for an image.
        decoder_channels: numbers the decoder returns for a pixel.
        classes: of a conditional model, whose networks take one-hot labels `[n, classes]` too; None by default.
        filters: of each stage, from the image inwards; each stage halves the image.
        hidden: width of the dense layer between feature maps and latent.
        latent_maps: how many maps of the innermost size are the latent, between convolutions alone, which knows an
            image place by place: `latent_dim` is then their number times the places. None, the default, has the dense
            layers.
        activation: of every layer but the last.

    Returns:
        The encoder `[n, H, W, C] -> [n, encoder_outputs]` and the decoder
        `[n, latent_dim] -> [n, H, W, decoder_channels]`.
    """
    height, width = smallest_map(image_shape, len(filters))
    image = keras.Input(image_shape, name="image")
    features = image
    for stage, channels in enumerate(filters):
        features = keras.layers.Conv2D(
            channels, 3, strides=2, padding="same", activation=activation, name=f"down_{stage}"
        )(features)
    encoder = encoder_from(
        image, features, encoder_outputs, classes=classes, hidden=hidden, latent_maps=latent_maps, activation=activation
    )

    latent, label, features = innermost_map(
        latent_dim,
        (height, width, filters[-1]),
        classes=classes,
        hidden=hidden,
        latent_maps=latent_maps,
        activation=activation,
        last_activation=activation,
    )
    for stage, channels in enumerate(reversed(filters)):
        features = keras.layers.Conv2D(4 * channels, 3, padding="same", activation=activation, name=f"up_{stage}")(
            features
        )
        features = DepthToSpace(name=f"sub_pixel_{stage}")(features)
    pixels = keras.layers.Conv2D(decoder_channels, 3, padding="same", name="likelihood")(features)
    return encoder, network(latent, label, cropped(pixels, image_shape), "decoder")
