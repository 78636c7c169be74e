"""Datasets by their TFDS name; `digits`, `emoji` and `shapes` among them."""

import dataclasses
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.channels import to_channels
from keras_vae.data.gather import gather
from keras_vae.data.prepare import prepared
from keras_vae.data.prepared_file import Block, PreparedFile, stat_of
from keras_vae.data.quiet import quiet_logs
from keras_vae.data.resize import resize_and_crop

MIXED_SIZE = (64, 64)
BLOCK = 256


def load_catalogued(
    name: str,
    split: str,
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = True,
    memory_budget: float | None = None,
) -> ImageArrays:
    """Read one split of a TFDS dataset; arguments, returns and errors are those of `load.load_arrays`."""
    with prepared(name, data_dir, download) as builder:
        return _read(name, builder, split, image_size, channels, memory_budget)


def choose_split(name: str, builder: tfds.core.DatasetBuilder, split: str) -> str:
    """Return what to read for a split, in TFDS' notation; errors are those of `load.load_arrays`."""
    available = list(builder.info.splits)
    if available == ["train"]:
        # no test images: the last tenth of train stands in for them
        split = {"train": "train[:90%]", "test": "train[90%:]"}.get(split, split)
    elif split == "test" and split not in available and "validation" in available:
        split = "validation"
    try:
        if builder.info.splits[split].num_examples:
            return split
        problem = "is empty in"
    except (KeyError, ValueError, AssertionError):
        problem = "is not a split of"
    raise ValueError(
        f"split is {split!r}, which {problem} dataset {name!r}: expected one of {', '.join(available)}, or a slice "
        f"such as {available[0] if available else 'train'}[:10%]"
    )


def _features(builder: tfds.core.DatasetBuilder) -> dict[str, Any]:
    return dict(builder.info.features) if isinstance(builder.info.features, tfds.features.FeaturesDict) else {}


def _image_key(name: str, builder: tfds.core.DatasetBuilder) -> str:
    features = _features(builder)
    images = [key for key, feature in features.items() if type(feature) is tfds.features.Image]
    preferred = [
        "image",
        *(key for key in builder.info.supervised_keys or () if isinstance(key, str)),
        *images,
    ]
    for key in preferred:
        if key in images:
            return key
    raise ValueError(
        f"dataset {name!r} has no image feature, its features are {', '.join(features) or 'none'}: "
        "expected images; choose a dataset of images"
    )


def _read(
    name: str,
    builder: tfds.core.DatasetBuilder,
    split: str,
    image_size: tuple[int, int] | None,
    channels: int | None,
    memory_budget: float | None,
) -> ImageArrays:
    source = choose_split(name, builder, split)
    key, features = _image_key(name, builder), _features(builder)
    feature, label = features[key], features.get("label")
    if feature.np_dtype != np.uint8 or feature.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"the images of dataset {name!r} are {np.dtype(feature.np_dtype)} {list(feature.shape)}: "
            "expected uint8 of 1, 3 or 4 channels; choose another dataset"
        )
    height, width, given = feature.shape
    size = image_size or ((height, width) if height and width else MIXED_SIZE)
    channels = channels or (1 if given == 1 else 3)
    count = builder.info.splits[source].num_examples
    classes = isinstance(label, tfds.features.ClassLabel)

    def fit(example: dict[str, tf.Tensor]) -> tuple[tf.Tensor, ...]:
        image = to_channels(example[key], channels)
        if image.shape[:2].as_list() != list(size):
            image = tf.numpy_function(functools.partial(resize_and_crop, size=size), [image], tf.uint8, stateful=False)
        image = tf.ensure_shape(image, [*size, channels])
        return (image, tf.cast(example["label"], tf.int32)) if classes else (image,)

    # other features (boxes, captions, attributes) are never decoded
    wanted = {key: feature} | ({"label": label} if classes else {})

    def blocks(start: int) -> Iterator[Block]:
        done = start
        with quiet_logs():
            examples = builder.as_dataset(split=source, decoders=tfds.decode.PartialDecoding(wanted)).skip(start)
            for images, *labels in examples.map(fit, num_parallel_calls=tf.data.AUTOTUNE).batch(BLOCK).prefetch(2):
                done += len(images)
                yield Block(images.numpy(), labels[0].numpy() if labels else None, done)
        if done != count:
            raise ValueError(f"dataset {name!r} has {done} images in {source!r}: expected {count}; prepare it again")

    folder = builder.data_path
    file = PreparedFile(
        {"dataset": builder.info.full_name, "split": source, "size": size, "channels": channels},
        [[path.name, *stat_of(path)] for path in sorted(Path(folder).iterdir())],
    )
    arrays = gather(file, count, (*size, channels), blocks, memory_budget, {}).arrays
    if arrays.labels is not None and arrays.labels.min(initial=0) < 0:  # TFDS' -1: they are kept back, as of a contest
        arrays = dataclasses.replace(arrays, labels=None)
    return dataclasses.replace(arrays, class_names=tuple(label.names) if classes else None, split=split)
