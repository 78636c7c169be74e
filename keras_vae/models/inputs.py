"""What a model is fed: images, labels and weights, checked once and named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import NoneType
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import is_number
from keras_vae.checks.shown import shown
from keras_vae.data.as_array import as_array
from keras_vae.data.labels import check_labels, check_no_label
from keras_vae.data.pixels import check_pixels
from keras_vae.multi_device.sharding import Shard, Sharded


class Batch(NamedTuple):
    """A batch as a training or test step takes it.

    Attributes:
        x: images float32 `[n, H, W, C]`.
        label: classes int `[n]` of a conditional model; None without.
        weight: the user's, of each image, float32 `[n]`; None where none were given.
        shard: which rows of the global batch these are.
        weight_in_means: by which rows count in losses and means, float32 `[n]`: the user's, and 0 for a row that pads
            an empty shard; None where all count alike.
    """

    x: tf.Tensor
    label: tf.Tensor | None
    weight: tf.Tensor | None
    shard: Shard
    weight_in_means: tf.Tensor | None

    def usable_label(self, classes: int | None) -> tf.Tensor | None:
        """Return the labels, those that are no class as the nearest: a graph cannot raise, so a fault is noted."""
        return self.label if classes is None else tf.clip_by_value(self.label, 0, classes - 1)


def unpack(data: Any, image_shape: tuple[int, int, int], classes: int | None) -> Batch:
    """Return the parts of what Keras hands to a step: images, (images, labels) or (images, labels, weights).

    Args:
        data: of one batch, or one replica's `Sharded` part of it.
        image_shape: (height, width, channels).
        classes: of a conditional model, which needs labels; None for a model that ignores labels.

    Raises:
        ValueError: images, labels or weights of another shape or dtype.
    """
    data, shard = data if isinstance(data, Sharded) else (data, Shard())
    x, label, weight = keras.utils.unpack_x_y_sample_weight(data)
    x = as_images(x, image_shape)
    if classes is None:
        label = None
    else:
        label = None if label is None else as_tensor("y", label, f"labels int [n] below {classes}")
        check_label_spec(label, classes)
    given = not (weight is None or isinstance(weight, tf.experimental.Optional))
    weight = _as_weight(weight, x) if given else None
    return Batch(x, label, weight, shard, shard.weights(weight))


def as_images(x: Any, image_shape: tuple[int, int, int]) -> tf.Tensor:
    """Return images as float32 `[n, H, W, C]`.

    Raises:
        ValueError: images of another shape, or not floating-point.
    """
    x = as_tensor("x", x, f"images float32 [n, {str(tuple(image_shape))[1:-1]}] in [0, 1]")
    check_spec(x, image_shape)
    return tf.cast(x, tf.float32)


def check_spec(images: tf.Tensor | tf.TensorSpec, image_shape: tuple[int, int, int]) -> None:
    """Raise ValueError unless images, or what a dataset says of its own, are floating-point `[n, H, W, C]`."""
    if not images.dtype.is_floating:
        raise ValueError(
            f"the images are {images.dtype.name}: expected float32 in [0, 1]; divide pixels from 0 to 255 by 255"
        )
    if images.shape.rank != 4 or tuple(images.shape[1:]) != tuple(image_shape):
        raise ValueError(f"the images have shape {images.shape}: expected [n, {str(tuple(image_shape))[1:-1]}]")


def check_label_spec(labels: tf.Tensor | tf.TensorSpec | None, classes: int) -> None:
    """Raise ValueError unless labels, or what a dataset says of its own, are int `[n]`."""
    if labels is None or not labels.dtype.is_integer or labels.shape.rank != 1:
        found = "none" if labels is None else f"{labels.dtype.name} of shape {labels.shape}"
        raise ValueError(
            f"the labels are {found}: expected int [n] below {classes}, beside the images; pass what "
            "load_dataset(..., labels=True) gives"
        )


def as_tensor(name: str, value: Any, expected: str) -> tf.Tensor:
    """Return what is given for a dense tensor of numbers as one; arrays too, which come in eager mode.

    Raises:
        ValueError: anything else, such as text, a sparse or ragged tensor, or rows of different lengths.
    """
    try:
        tensor = tf.convert_to_tensor(value if tf.is_tensor(value) else as_array(name, value))
    except Exception:  # each kind of value has an error of its own
        tensor = None
    if tensor is None or not (tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool):
        raise ValueError(f"{name} is {shown(value)}: expected {expected}")
    return tensor


def as_label(label: Any, classes: int | None, shape: tf.TensorShape) -> Any:
    """Return labels as int32 of a shape that broadcasts to `shape`; None, and what a graph holds, as they are.

    Raises:
        ValueError: labels that are no whole numbers below `classes`, or of another shape.
    """
    if label is None or tf.is_symbolic_tensor(label):
        return label
    if classes is None:
        return check_no_label(label)
    values = as_array("label", label)
    sides = tuple(shape) if shape.is_fully_defined() else values.shape
    try:
        values = np.broadcast_to(values, sides)
    except ValueError:
        raise ValueError(
            f"label has shape {list(values.shape)}: expected one that broadcasts to {list(sides)}, a number an image"
        ) from None
    return tf.constant(check_labels(values.reshape(-1), values.size, classes).reshape(sides))


def _as_weight(weight: Any, x: tf.Tensor) -> tf.Tensor:
    weight = tf.cast(as_tensor("sample_weight", weight, "numbers, one for each image"), tf.float32)
    if weight.shape.rank == 2 and weight.shape[1] == 1:
        weight = weight[:, 0]
    if weight.shape.rank != 1 or not weight.shape.is_compatible_with(x.shape[:1]):
        raise ValueError(
            f"sample_weight has shape {tuple(weight.shape)}: expected [{x.shape[0] or 'n'}], one for each image"
        )
    # A graph cannot raise: where the numbers of weights and images differ, the weights become NaN, which is reported.
    count = tf.shape(x)[0]
    return tf.cond(tf.shape(weight)[0] == count, lambda: weight, lambda: tf.fill([count], np.float32(np.nan)))


def check_arrays(
    x: Any,
    y: Any,
    sample_weight: Any,
    image_shape: tuple[int, int, int],
    classes: int | None,
    name: str = "x",
    class_weight: Mapping[int, float] | None = None,
    one_batch: bool = False,
    return_dict: bool = False,
) -> Any:
    """Check what is given before Keras cuts it into batches; return the labels to hand on.

    Keras drops sample weights where there are no labels, so a model that ignores labels is given dummy ones.

    Args:
        x: images, or anything else that Keras takes.
        y: their labels, if any.
        sample_weight: their weights, if any.
        image_shape: (height, width, channels).
        classes: of a conditional model; None without.
        name: what an error calls the images.
        class_weight: weight of each class, if any; requires labels.
        one_batch: whether `x` is to be a single batch, rather than batches.
        return_dict: whether the means of a batch are asked for by name.

    Raises:
        ValueError: what holds no images; pixels out of [0, 1]; labels out of range; a different number of labels or
            weights than images, or weights that are negative, not finite or all 0.
    """
    check_kind("return_dict", return_dict, (bool, np.bool_), "True or False")
    batches = isinstance(x, Iterable) and not isinstance(x, Collection) and not hasattr(x, "shape")
    if (batches and one_batch) or not (batches or hasattr(x, "__array__")):
        raise ValueError(
            f"{name} is {shown(x)}: expected images float32 [n, {str(tuple(image_shape))[1:-1]}] in [0, 1]"
            + ("" if one_batch else ", or batches of them, such as load_dataset's")
        )
    if batches:
        for argument, given in (("y", y), ("sample_weight", sample_weight)):
            if given is not None:
                raise ValueError(
                    f"{argument} is {shown(given)} beside batches: expected none, since they hold it as (images, "
                    "labels, weights); leave it out"
                )
        if isinstance(x, tf.data.Dataset):
            _check_dataset(x, name, image_shape, classes)
    else:
        x = as_array(name, x)
        check_pixels(x, name, image_shape)
        _check_labels(y, len(x), classes)
    if sample_weight is not None:
        check_weights("sample_weight", sample_weight, len(x))
        if y is None and classes is None:
            y = np.zeros(len(x), np.int32)
    if class_weight is not None:
        check_kind("class_weight", class_weight, Mapping, "a dict of weights by class, such as {0: 1.0, 1: 2.0}")
        spec = x.element_spec if isinstance(x, tf.data.Dataset) else None
        labelled = len(spec) > 1 if isinstance(spec, tuple) else y is not None
        if not labelled and isinstance(x, (np.ndarray, tf.Tensor, tf.data.Dataset)):
            raise ValueError(
                f"class_weight is {shown(dict(class_weight))} for images without labels: expected labels for them; "
                "pass y, or a dataset of (images, labels)"
            )
        for label in class_weight:
            if not (is_number(label) and isinstance(label, (int, np.integer)) and 0 <= label < (classes or np.inf)):
                expected = f"whole numbers from 0{f' to {classes - 1}' if classes else ''}"
                raise ValueError(f"class_weight has the key {shown(label)}: expected {expected}, as labels are")
        check_weights("class_weight", list(weight_of_each(class_weight, classes).values()))
    return y


def weight_of_each(class_weight: Mapping[int, float] | None, classes: int | None) -> Mapping[int, float] | None:
    """Return weights of all classes of a conditional model: 1 where none is given, which Keras has for arrays alone.

    Example:
        >>> weight_of_each({1: 2.0}, 3)
        {0: 1.0, 1: 2.0, 2: 1.0}
    """
    return class_weight and {**dict.fromkeys(range(classes or 0), 1.0), **class_weight}


def _check_dataset(data: tf.data.Dataset, name: str, image_shape: tuple[int, int, int], classes: int | None) -> None:
    """Raise ValueError for a dataset whose specification says that it gives no batches of such images."""
    images, labels, _ = keras.utils.unpack_x_y_sample_weight(data.element_spec)
    dense = isinstance(images, tf.TensorSpec) and (classes is None or isinstance(labels, (tf.TensorSpec, NoneType)))
    if not dense:
        raise ValueError(
            f"{name} gives {shown(data.element_spec)}: expected batches of images, of (images, labels) or of (images, "
            "labels, weights); map it to them"
        )
    check_spec(images, image_shape)
    if classes is not None:
        check_label_spec(labels, classes)
    if data.cardinality() == 0:
        raise ValueError(f"{name} holds no batch: expected at least one image")


def _check_labels(labels: Any, count: int, classes: int | None) -> None:
    """Raise ValueError unless labels are numbers, one for each image, and of a conditional model below its classes."""
    if labels is None:
        if classes is not None:
            check_label_spec(None, classes)
        return
    labels = as_array("y", labels)
    if classes is not None:
        check_labels(labels, count, classes, "y")
    if labels.shape[:1] != (count,):
        raise ValueError(f"y has shape {list(labels.shape)}: expected [{count}], one for each image")


def check_weights(name: str, weights: Any, count: int | None = None) -> None:
    """Raise ValueError unless weights are finite, not negative, not all 0, and one for each of `count` images.

    Example:
        >>> check_weights("sample_weight", np.ones(3), 2)
        Traceback (most recent call last):
        ValueError: sample_weight has shape [3]: expected [2], one for each image
    """
    values = as_array(name, weights).astype(np.float64)
    if count is not None and values.shape not in ((count,), (count, 1)):
        raise ValueError(f"{name} has shape {list(values.shape)}: expected [{count}], one for each image")
    wrong = values[~(np.isfinite(values) & (values >= 0))]
    if wrong.size:
        raise ValueError(
            f"{name} has {wrong.flat[0]:g}: expected finite numbers of at least 0; mend {wrong.size} of them"
        )
    if not values.any():
        raise ValueError(f"{name} is 0 for every image: expected one above 0; nothing would be trained or judged")
