"""Augmentation: images changed at random in ways that leave what they show.

What becomes of an image is a function of (seed, split, epoch, number of its row). All of an epoch is drawn at once, two
numbers per image and name, since a draw for each row by a key of its own cannot be done in one operation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import tensorflow as tf

from keras_vae import registry
from keras_vae.checks.kind import check_kind
from keras_vae.data.binarize import random_key

Augmentations = Mapping[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]]


def augmentations(augment: str | Sequence[str]) -> Augmentations:
    """Return what was asked for by name, each once and in the order of the alphabet, in which they are applied.

    Args:
        augment: names, or one string of them with commas between.

    Raises:
        ValueError: an unknown name.

    Example:
        >>> list(augmentations("shift,flip"))
        ['flip', 'shift']
    """
    known = registry.names("augmentation")
    check_kind("augment", augment, (str, Sequence), f'names among {", ".join(known)}, such as "{",".join(known)}"')
    names = [name.strip() for name in augment.split(",")] if isinstance(augment, str) and augment else augment
    for name in names:
        registry.check_known("augment", name, known)
    return {name: registry.load("augmentation", name) for name in known if name in names}


def draw_augmentation(names: Collection[str], seed: int, split: str, epoch: tf.Tensor, count: int) -> tf.Tensor:
    """Draw what decides on every image of an epoch, uniform in [0, 1), float32 `[count, len(names), 2]`.

    A name's numbers do not depend on what other names there are.
    """
    keys = [tf.random.fold_in(random_key(seed, split, f"augmentation {name}"), epoch) for name in names]
    return tf.stack([tf.random.stateless_uniform([count, 2], key) for key in keys], axis=1)


def augment_images(images: tf.Tensor, asked: Augmentations, draws: tf.Tensor) -> tf.Tensor:
    """Return images changed, of the same shape and dtype.

    Args:
        images: uint8 `[n, height, width, channels]`.
        asked: what to apply, in order.
        draws: the rows that `draw_augmentation` gave these images, float32 `[n, len(asked), 2]`.
    """
    for index, change in enumerate(asked.values()):
        images = change(images, draws[:, index])
    return images


def flip(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Exchange left and right with probability 1/2, by the first of each image's draws."""
    columns = tf.range(images.shape[2])
    # gathered as in `shift`: reversing them all and choosing takes several times as long
    return tf.gather(images, tf.where(draws[:, :1] < 0.5, columns[::-1], columns), axis=2, batch_dims=1)


def shift(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Move down and right by whole pixels, uniform from minus to plus an eighth of height and width, rounded down.

    The border's pixels are repeated where nothing moved in: a constant would be a bar that the model learns to draw
    unless the ground is of that very colour, and a mirrored border would double what touches it.
    """
    for axis in (1, 2):
        size = images.shape[axis]
        reach = size // 8
        moved = tf.cast(tf.floor(draws[:, axis - 1 : axis] * (2 * reach + 1)), tf.int32) - reach
        source = tf.clip_by_value(tf.range(size) - moved, 0, size - 1)
        images = tf.gather(images, source, axis=axis, batch_dims=1)
    return images
