"""Ladders: a decoder with groups of latents from coarse to fine, and an encoder that hands it features at each size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.networks.bottleneck import cropped, label_input, network, smallest_map
from keras_vae.networks.reshaping import DepthToSpace, ToFeatureMap
from keras_vae.networks.top_down import TopDownDecoder

Group = tuple[int, int]  # halvings of the image, channels


def ladder(
    image_shape: tuple[int, int, int],
    latent_dim: int | None,
    decoder_channels: int,
    *,
    classes: int | None = None,
    groups: Sequence[Group] = ((3, 8), (3, 8), (2, 4), (2, 4)),
    filters: Sequence[int] = (32, 64, 64),
    features: int = 32,
    blocks: int = 2,
    activation: str = "swish",
) -> tuple[keras.Model, keras.Model]:
    """Build a ladder (Soenderby et al. 2016, "Ladder variational autoencoders"), for the posterior `top_down`.

    The decoder's stages have one group of latents each. In a stage's state h, maps at the group's size,

        z = m(h) + s(h) e,    h <- h + change(h) + project(z),    h <- h + block(h)

    with e the group's part of the latent, N(0, I) under the prior; the blocks are those of Child 2021, "Very deep
    VAEs". Every branch ends in zeros, so depth costs nothing at the start.

    Args:
        image_shape: (height, width, channels).
        latent_dim: None: the groups tell the width of the latent.
        decoder_channels: numbers the decoder returns for a pixel.
        classes: of a conditional model, whose networks take one-hot labels `[n, classes]` too; None by default.
        groups: (halvings, channels) of each group, from coarse to fine: latents at maps of the image's size halved so
            often, so many at each place.
        filters: of the maps of each size, from the image inwards; each halves the image.
        features: channels of the encoder's features of each size.
        blocks: residual blocks a size, of the encoder, and of the decoder after its last group.
        activation: of every layer but the last.

    Returns:
        The encoder `[n, H, W, C] -> [n, f]`, its features at the size of each group, coarse to fine, and the one-hot
        label, flattened; and the `TopDownDecoder` `[n, latent_dim] -> [n, H, W, decoder_channels]`.

    Raises:
        ValueError: groups that do not fit the sizes, or a `latent_dim` that is not theirs.
    """
    own = ladder_latent_dim(image_shape, groups, filters)
    if latent_dim not in (None, own):
        raise ValueError(
            f"latent_dim is {latent_dim}: expected none for a ladder, whose groups have {own} latents; change groups"
        )
    encoder = _encoder(image_shape, groups, filters, features, blocks, activation, classes)
    return encoder, _decoder(image_shape, groups, filters, blocks, activation, classes, decoder_channels)


def ladder_latent_dim(image_shape: Sequence[int], groups: Sequence[Group], filters: Sequence[int]) -> int:
    """Return the width of the latent of a ladder's groups.

    Raises:
        ValueError: no groups, groups from fine to coarse, or at a size that the filters do not reach.

    Example:
        >>> ladder_latent_dim((28, 28, 1), [(3, 8), (2, 4)], (32, 64, 64))
        324
    """
    try:
        halvings = [
            whole_number("halvings", halving, 1) for halving, channels in groups if whole_number("", channels, 1)
        ]
        fit = max(halvings) <= len(filters) and halvings == sorted(halvings, reverse=True)
    except (TypeError, ValueError):
        fit = False
    if not fit:
        raise ValueError(
            f"groups are {shown(groups)}: expected (halvings, channels) from coarse to fine, with 1 to {len(filters)} "
            "halvings, one for each of the filters, and at least 1 channel; change groups or filters"
        )
    return sum(math.prod(smallest_map(image_shape, halving)) * channels for halving, channels in groups)


def _encoder(
    image_shape: tuple[int, int, int],
    groups: Sequence[Group],
    filters: Sequence[int],
    features: int,
    blocks: int,
    activation: str,
    classes: int | None,
) -> keras.Model:
    image, label = keras.Input(image_shape, name="image"), label_input(classes)
    maps, handed = image, []
    for halving, channels in enumerate(filters, 1):
        maps = keras.layers.Conv2D(channels, 3, strides=2, padding="same", name=f"down_{halving}")(maps)
        if halving == 1:
            maps = _with_label(maps, label)
        for block in range(blocks):
            maps = _block(maps, activation, f"size_{halving}_block_{block}")
        if halving in {group[0] for group in groups}:
            crossing = keras.layers.Conv2D(features, 1, name=f"features_{halving}")(maps)
            handed.insert(0, keras.layers.Flatten(name=f"flat_{halving}")(crossing))
    parts = [*handed, *([] if label is None else [label])]
    outputs = parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="posterior")(parts)
    return network(image, label, outputs, "encoder")


def _decoder(
    image_shape: tuple[int, int, int],
    groups: Sequence[Group],
    filters: Sequence[int],
    blocks: int,
    activation: str,
    classes: int | None,
    decoder_channels: int,
) -> TopDownDecoder:
    def grown(maps: Any, halving: int, to: int) -> Any:
        while halving > to:
            halving -= 1
            maps = keras.layers.Conv2D(4 * filters[halving - 1], 1, name=f"up_{halving}")(maps)
            maps = DepthToSpace(name=f"sub_pixel_{halving}")(maps)
            maps = cropped(maps, smallest_map(image_shape, halving), f"crop_{halving}")
        return maps

    shapes = [(*smallest_map(image_shape, halving), channels) for halving, channels in groups]
    stages, state_shape = [], None
    followers = itertools.chain(groups[1:], [groups[-1]])
    for number, ((halving, _), (following, _), shape) in enumerate(zip(groups, followers, shapes, strict=True)):
        e = keras.Input((math.prod(shape),), name="noise")
        z = ToFeatureMap(shape, name="noise_map")(e)
        if state_shape is None:
            label = label_input(classes)
            inputs: Any = e if label is None else [e, label]
            state = _with_label(keras.layers.Conv2D(filters[halving - 1], 1, name="project")(z), label)
        else:
            state = keras.Input(state_shape, name="state")
            inputs = [e, state]
            state = _inject(state, z, activation)
        state = grown(_block(state, activation, "block"), halving, following)
        state_shape = tuple(state.shape[1:])
        stages.append(keras.Model(inputs, state, name=f"stage_{number}"))

    state = keras.Input(state_shape, name="state")
    maps = grown(state, groups[-1][0], 1)
    for block in range(blocks):
        maps = _block(maps, activation, f"block_{block}")
    maps = keras.layers.Activation(activation, name="activation")(maps)
    maps = keras.layers.Conv2D(4 * decoder_channels, 3, padding="same", name="likelihood")(maps)
    pixels = cropped(DepthToSpace(name="pixels")(maps), image_shape)
    return TopDownDecoder(shapes, stages, keras.Model(state, pixels, name="pixels"), name="decoder")


def _with_label(maps: Any, label: Any) -> Any:
    """Add what a one-hot label says to every place of the maps; they stay as they are without one."""
    if label is None:
        return maps
    told = keras.layers.Dense(maps.shape[-1], name="label_features")(label)
    return keras.layers.Add(name="with_label")([maps, keras.layers.Reshape((1, 1, maps.shape[-1]))(told)])


def _inject(state: Any, e: Any, activation: str) -> Any:
    """Add to the state what its group of latents says: z = m(h) + s(h) e, 0 < s < 2, and a change beside it."""
    hidden = _bottleneck(state, activation, "prior")
    zeros = {"kernel_initializer": "zeros"}
    mean = keras.layers.Conv2D(e.shape[-1], 1, name="mean", **zeros)(hidden)
    scale = keras.layers.Conv2D(e.shape[-1], 1, activation="sigmoid", name="scale", **zeros)(hidden)
    z = keras.layers.Multiply(name="scaled")([keras.layers.Rescaling(2.0, name="twice")(scale), e])
    z = keras.layers.Add(name="latent")([mean, z])
    change = keras.layers.Conv2D(state.shape[-1], 1, name="change", **zeros)(hidden)
    return keras.layers.Add(name="injected")(
        [state, change, keras.layers.Conv2D(state.shape[-1], 1, name="project")(z)]
    )


def _bottleneck(maps: Any, activation: str, name: str, channels: int | None = None) -> Any:
    """Return maps of half as many channels, or `channels`, that saw their neighbours."""
    channels = channels or maps.shape[-1] // 2
    maps = keras.layers.Activation(activation, name=f"{name}_activation_0")(maps)
    maps = keras.layers.Conv2D(channels, 1, activation=activation, name=f"{name}_narrow")(maps)
    return keras.layers.Conv2D(channels, 3, padding="same", activation=activation, name=f"{name}_conv")(maps)


def _block(maps: Any, activation: str, name: str) -> Any:
    """Add the correction of a bottleneck to the maps."""
    change = _bottleneck(maps, activation, name)
    change = keras.layers.Conv2D(maps.shape[-1], 1, kernel_initializer="zeros", name=f"{name}_widen")(change)
    return keras.layers.Add(name=f"{name}_add")([maps, change])


def posterior_of_group(
    state_shape: Sequence[int] | None, features_shape: Sequence[int], channels: int, hidden: int, activation: str
) -> keras.Model:
    """Build what reads the parameters of q(e_l | e_<l, x) off a stage's state and the encoder's features.

    Args:
        state_shape: (height, width, c) of the decoder's state before the group; None for the first group.
        features_shape: (height, width, features) of the encoder's features at its size.
        channels: of the group.
        hidden: channels of the maps in between.
        activation: of these.

    Returns:
        A model of `[state, features]`, or of the features alone, with two outputs `[n, height * width * channels]`:
        the mean, within (-10, 10), and the logarithm of the standard deviation, within (-5, 5). It starts at the prior.
    """
    given = keras.Input(features_shape, name="features")
    inputs, maps = given, given
    if state_shape is not None:
        state = keras.Input(state_shape, name="state")
        inputs, maps = [state, given], keras.layers.Concatenate(name="state_and_features")([state, given])
    maps = _bottleneck(maps, activation, "read", hidden)

    def read(name: str, bound: float) -> Any:
        value = keras.layers.Conv2D(channels, 1, kernel_initializer="zeros", name=name)(maps)
        value = keras.layers.Rescaling(1 / bound, name=f"{name}_small")(value)
        value = keras.layers.Activation("tanh", name=f"{name}_bounded")(value)
        return keras.layers.Flatten(name=f"{name}_flat")(keras.layers.Rescaling(bound, name=f"{name}_wide")(value))

    return keras.Model(inputs, [read("mean", 10.0), read("log_stddev", 5.0)], name="posterior")
