"""What a model is fed: images, labels and weights, checked once and named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_vae.data.labels import check_labels
from keras_vae.data.pixels import check_pixels
from keras_vae.multi_device.sharding import Shard, Sharded


class Batch(NamedTuple):
    """A batch as a training or test step takes it.

    Attributes:
        x: images float32 `[n, H, W, C]`.
        label: classes int `[n]` of a conditional model; None without.
        weight: of each image in losses and means, float32 `[n]`; None where all count alike.
        shard: which rows of the global batch these are.
    """

    x: tf.Tensor
    label: tf.Tensor | None
    weight: tf.Tensor | None
    shard: Shard


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
        label = None if label is None else tf.convert_to_tensor(label)
        if label is None or not label.dtype.is_integer or label.shape.rank != 1:
            found = "none" if label is None else f"{label.dtype.name} of shape {tuple(label.shape)}"
            raise ValueError(
                f"the labels are {found}: expected int [n] below {classes}, beside the images; "
                "such as load_dataset(..., labels=True) gives"
            )
    if weight is None or isinstance(weight, tf.experimental.Optional):
        return Batch(x, label, None, shard)
    return Batch(x, label, _as_weight(weight, x), shard)


def as_images(x: Any, image_shape: tuple[int, int, int]) -> tf.Tensor:
    """Return images as float32 `[n, H, W, C]`.

    Raises:
        ValueError: images of another shape, or not floating-point.
    """
    x = tf.convert_to_tensor(x)  # in eager mode train_on_batch passes a NumPy array
    if not x.dtype.is_floating:
        raise ValueError(f"the images are {x.dtype.name}: expected float32 in [0, 1]; divide 0 to 255 pixels by 255")
    if x.shape.rank != 4 or tuple(x.shape[1:]) != tuple(image_shape):
        raise ValueError(f"the images have shape {tuple(x.shape)}: expected [n, {str(tuple(image_shape))[1:-1]}]")
    return tf.cast(x, tf.float32)


def _as_weight(weight: Any, x: tf.Tensor) -> tf.Tensor:
    weight = tf.cast(tf.convert_to_tensor(weight), tf.float32)
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
) -> Any:
    """Check what is given as NumPy arrays before Keras cuts it into batches; return the labels to hand on.

    Keras drops sample weights where there are no labels, so a model that ignores labels is given dummy ones.

    Args:
        x: images, or anything else that Keras takes.
        y: their labels, if any.
        sample_weight: their weights, if any.
        image_shape: (height, width, channels).
        classes: of a conditional model; None without.
        name: what an error calls the images.
        class_weight: weight of each class, if any; requires labels.

    Raises:
        ValueError: pixels out of [0, 1]; labels out of range; a different number of weights than images, or weights
            that are negative, not finite or all 0.
    """
    if isinstance(x, np.ndarray):
        check_pixels(x, name, image_shape)
        if classes is not None and isinstance(y, np.ndarray):
            check_labels(y, len(x), classes, "y")
    if sample_weight is not None and hasattr(x, "shape"):
        check_weights("sample_weight", sample_weight, len(x))
        if y is None and classes is None:
            y = np.zeros(len(x), np.int32)
    if class_weight is not None:
        spec = x.element_spec if isinstance(x, tf.data.Dataset) else None
        labelled = len(spec) > 1 if isinstance(spec, tuple) else y is not None
        if not labelled and isinstance(x, (np.ndarray, tf.Tensor, tf.data.Dataset)):
            raise ValueError(
                f"class_weight is {dict(class_weight)} for images without labels: expected labels beside them; pass y, "
                "or a dataset of (images, labels)"
            )
        check_weights("class_weight", list(class_weight.values()))
    return y


def check_weights(name: str, weights: Any, count: int | None = None) -> None:
    """Raise ValueError unless weights are finite, not negative, not all 0, and one for each of `count` images.

    Example:
        >>> check_weights("sample_weight", np.ones(3), 2)
        Traceback (most recent call last):
        ValueError: sample_weight has shape [3]: expected [2], one for each image
    """
    try:
        values = np.asarray(weights, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {weights!r}: expected numbers, one for each image") from None
    if count is not None and values.shape not in ((count,), (count, 1)):
        raise ValueError(f"{name} has shape {list(values.shape)}: expected [{count}], one for each image")
    wrong = values[~(np.isfinite(values) & (values >= 0))]
    if wrong.size:
        raise ValueError(
            f"{name} has {wrong.flat[0]:g}: expected finite numbers of at least 0; mend {wrong.size} of them"
        )
    if not values.any():
        raise ValueError(f"{name} is 0 for every image: expected one above 0; nothing would be trained or judged")
