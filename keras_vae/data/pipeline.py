"""The tf.data pipeline: batches that are a function of (seed, epoch, step)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae.checks.number import whole_number
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.augment import augment_images, augmentations, draw_augmentation
from keras_vae.data.binarize import (
    Binarize,
    binarize_once,
    block_size,
    check_binarize,
    random_key,
    sample_binary,
)
from keras_vae.data.by_rows import ByRows, note_by_rows


def build_pipeline(
    arrays: ImageArrays,
    *,
    batch_size: int = 128,
    binarize: Binarize = "none",
    shuffle: bool | None = None,
    seed: int = 0,
    labels: bool = False,
    drop_remainder: bool = False,
    first_epoch: int = 0,
    augment: str | Sequence[str] = (),
) -> tf.data.Dataset[Any]:
    """Feed images in batches; every iteration of the dataset is the next epoch.

    The order of epoch e, its augmentation and its dynamic binarisation follow from `(seed, e)` and the split alone:
    another process with the same arguments sees the same epochs, and `first_epoch=e` begins where an earlier run left
    off. What an image becomes does not depend on `batch_size`. To go on within an epoch, `skip` the batches
    already seen.

    Args:
        arrays: The images.
        batch_size: Images a batch, at least 1; the last batch is smaller unless `drop_remainder`.
        binarize: "none" keeps gray pixels, "static" draws binary ones once, "dynamic" anew every epoch.
        shuffle: A new order every epoch; by default True for a split that starts with "train", else False.
        seed: The seed of the order, the augmentation and the binarisation.
        labels: Yield `(images, labels)` rather than images.
        drop_remainder: Leave out the last batch where it is not full.
        first_epoch: The number of the epoch that the first iteration gives.
        augment: Names of `data.augment`, "flip" and "shift": changes of each image anew every epoch, before a dynamic
            and after a static binarisation.

    Returns:
        A dataset of known cardinality with float32 `[n, height, width, channels]` in [0, 1], and int32 `[n]`
        labels.

    Raises:
        ValueError: For an argument out of range, or labels where the images have none.
    """
    count = len(arrays)
    check_binarize(binarize)
    asked = augmentations(augment)
    batch_size, first_epoch = whole_number("batch_size", batch_size, 1), whole_number("first_epoch", first_epoch, 0)
    if drop_remainder and batch_size > count:
        raise ValueError(
            f"batch_size is {batch_size} with drop_remainder: expected at most {count}, the number of images; lower it"
        )
    if labels and arrays.labels is None:
        raise ValueError(
            f"labels is True, but {arrays.split!r} has no classes: expected some; choose images with classes, or pass "
            "labels=False"
        )
    if shuffle is None:
        shuffle = arrays.split.startswith("train")

    if binarize == "static":
        arrays = binarize_once(arrays, seed)
    order_key = random_key(seed, arrays.split, "order")
    binary_key = random_key(seed, arrays.split, "dynamic binarisation")
    images_of = _images_of(arrays)
    with tf.device("CPU"):
        classes = tf.constant(arrays.labels, tf.int32) if labels else None

    size = block_size(arrays.image_shape) if binarize == "dynamic" else batch_size
    epochs = itertools.count(first_epoch)

    def next_epoch(_: tf.Tensor) -> tf.data.Dataset:
        # a counter in Python, read once an epoch: a tf.Variable would be mirrored inside a strategy's scope
        epoch = tf.ensure_shape(tf.numpy_function(lambda: np.int64(next(epochs)), [], tf.int64), [])
        order = tf.range(count, dtype=tf.int64)
        if shuffle and count > 1:
            shuffled = tf.random.experimental.index_shuffle  # pyright: ignore[reportAttributeAccessIssue]  not in the stubs
            order = shuffled(order, tf.random.fold_in(order_key, epoch), count - 1)
        # the order goes along with each step: a map nested in here would triple the cost of starting an epoch
        draws = [draw_augmentation(asked, seed, arrays.split, epoch, count)] if asked else []
        whole = tf.data.Dataset.from_tensors((order, tf.random.fold_in(binary_key, epoch), *draws))
        return tf.data.Dataset.zip(tf.data.Dataset.range(math.ceil(count / size)), whole.repeat())

    # whole slices of the order: a step for every image would cost more than gathering the image
    def choose(step: tf.Tensor, whole: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        order, _, *draws = whole
        rows = order[step * size : (step + 1) * size]
        return rows, *(tf.gather(each, rows) for each in draws)

    def read(rows: tf.Tensor, *draws: tf.Tensor) -> tuple[tf.Tensor, ...]:
        images = images_of(rows)
        if draws:
            images = augment_images(images, asked, *draws)
        return (images, tf.gather(classes, rows)) if labels else (images,)

    # in the same map: each takes 3 ms where an epoch begins
    def draw(step: tf.Tensor, whole: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        images, *rest = read(*choose(step, whole))
        return sample_binary(images, whole[1], step), *rest

    def as_pixels(images: tf.Tensor, *rest: tf.Tensor) -> tf.Tensor | tuple[tf.Tensor, ...]:
        images = tf.cast(images, tf.float32) / 255.0
        return (images, *rest) if rest else images

    steps = count // batch_size if drop_remainder else math.ceil(count / batch_size)
    options = tf.data.Options()
    options.deterministic = True
    # there is nothing to tune, and the end of an epoch waits for the tuner: 30 to 40 % of a dense epoch on one core
    options.autotune.enabled = False
    # there are no files to share out among workers
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    chosen = tf.data.Dataset.range(1).flat_map(next_epoch)
    if binarize == "dynamic":
        dataset = chosen.map(draw).rebatch(batch_size, drop_remainder=drop_remainder).map(as_pixels)
    else:
        rows = chosen.map(choose).rebatch(batch_size, drop_remainder=drop_remainder)
        halves = ByRows(rows.with_options(options), lambda *chosen: as_pixels(*read(*chosen)))
        dataset = rows.map(halves.read)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
    dataset = dataset.prefetch(2).with_options(options)
    return dataset if binarize == "dynamic" else note_by_rows(dataset, halves)


def _images_of(arrays: ImageArrays) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return what gives the images of some rows, uint8 `[n, height, width, channels]`."""
    if arrays.mapping is None:
        with tf.device("CPU"):
            images = tf.constant(arrays.images)  # gathered without Python, which a small model would wait for
        return lambda rows: tf.gather(images, rows)

    def from_file(rows: tf.Tensor) -> tf.Tensor:
        taken = tf.numpy_function(arrays.take, [rows], tf.uint8, stateful=False)
        return tf.ensure_shape(taken, [None, *arrays.image_shape])

    return from_file
