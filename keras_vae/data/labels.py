"""The classes of a conditional model: their number and names, and the check of labels."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.as_array import as_array
from keras_vae.registry import unknown_name


def classes_and_names(classes: int | Sequence[str] | np.ndarray | None) -> tuple[int | None, tuple[str, ...] | None]:
    """Return how many classes a model has, and their names where they are given.

    Raises:
        ValueError: what is neither a number of at least 1 nor different names.

    Example:
        >>> classes_and_names(10), classes_and_names(["cat", "dog"]), classes_and_names(np.array(["cat", "dog"]))
        ((10, None), (2, ('cat', 'dog')), (2, ('cat', 'dog')))
    """
    if isinstance(classes, np.ndarray) and classes.ndim == 1:  # as np.unique of all labels
        classes = classes.tolist()
    if not isinstance(classes, (list, tuple)):
        return None if classes is None else whole_number("classes", classes, 1), None
    named = bool(classes) and all(isinstance(name, str) and name for name in classes)
    if not named or len({*map(_joined, classes)}) < len(classes):
        raise ValueError(f"classes is {shown(classes)}: expected a number, or names that differ from one another")
    return len(classes), tuple(classes)


def renumber(arrays: ImageArrays, source: str, expected: Sequence[str] | None) -> ImageArrays:
    """Return images with the numbers that a model has for their classes, which are found by their names.

    Args:
        arrays: the images; without labels they are returned as they are.
        source: what they are called.
        expected: the names of the model's classes, in its order; None, for a model that knows numbers alone, returns
            the images as they are.

    Raises:
        ValueError: images whose classes have no names, or one that the model does not know.

    Example:
        >>> pets = ImageArrays(np.zeros([3, 8, 8, 1], np.uint8), np.array([0, 1, 1]), ("cat", "dog"))
        >>> renumber(pets, "pets", ("dog", "bird", "cat")).labels
        array([2, 0, 0])
        >>> renumber(pets, "pets", ("dog", "bird"))
        Traceback (most recent call last):
        ValueError: the classes of pets are cat, dog: expected some of the model's, dog, bird; choose such images
    """
    if not expected or arrays.labels is None:
        return arrays
    expected, names = list(expected), arrays.class_names
    places = [place_of(name, expected) for name in names or ()]
    if None in places or not names:
        raise ValueError(
            f"the classes of {source} are {', '.join(names or ('without names',))}: expected some of the model's, "
            f"{', '.join(expected)}; choose such images"
        )
    numbers = np.array(places, arrays.labels.dtype)
    return dataclasses.replace(arrays, labels=numbers[arrays.labels], class_names=tuple(expected))


def place_of(name: str, names: Sequence[str]) -> int | None:
    """Return where a name stands among others; None if it does not.

    Example:
        >>> place_of("caf\\u00e9", ["bar", "cafe\\u0301"])
        1
    """
    known = [_joined(each) for each in names]
    return known.index(_joined(name)) if _joined(name) in known else None


def _joined(name: str) -> str:
    """Return a name with accents and the letters of Hangul joined, which some disks and archives have apart."""
    return unicodedata.normalize("NFC", name)


def number_of(label: Any, names: Sequence[str] | None) -> Any:
    """Return the number of a class that is told by its name, or by a number as text; all else as it is.

    Where all names are numbers, as text they mean names alone: "0" or "01" of the classes 1, 10 and 2 is a mistake.

    Raises:
        ValueError: a name that there is not.

    Example:
        >>> number_of("dog", ["cat", "dog"]), number_of("1", None), number_of(1, None)
        (1, 1, 1)
    """
    if not isinstance(label, str):
        return label
    if names and (place := place_of(label, names)) is not None:
        return place
    if label.isdecimal() and (not names or (int(label) < len(names) and not all(map(str.isdecimal, names)))):
        return int(label)
    if not names:
        raise ValueError(f"label is {shown(label)}: expected a number, since the classes have no names")
    raise unknown_name("label", label, names)


def check_labels(labels: Any, count: int, classes: int, name: str = "label") -> np.ndarray:
    """Return labels int32 `[count]`; one number stands for that many of it.

    Args:
        labels: whole numbers from 0 to classes - 1: one, or `[count]`.
        count: how many images they are of.
        classes: how many classes there are.
        name: what an error calls them.

    Raises:
        ValueError: numbers that are not whole, out of range, or not as many as images.

    Example:
        >>> check_labels(3, 2, 10)
        array([3, 3], dtype=int32)
    """
    values = as_array(name, labels)
    if values.shape not in ((), (count,)):
        mend = "; take labels.argmax(axis=-1) of one-hot ones" if values.shape == (count, classes) else ""
        raise ValueError(
            f"{name} has shape {values.shape}: expected one number, or one for each of {count} images{mend}"
        )
    if not np.issubdtype(values.dtype, np.integer) or values.min(initial=0) < 0 or values.max(initial=0) >= classes:
        found = f"{values.min()}" if values.ndim == 0 else f"{values.dtype} from {values.min()} to {values.max()}"
        raise ValueError(f"{name} is {found}: expected whole numbers from 0 to {classes - 1}")
    return np.broadcast_to(values, (count,)).astype(np.int32)


def labels_given(label: Any, count: int, classes: int | None, names: Sequence[str] | None) -> np.ndarray | None:
    """Return the labels of `count` images, int32 `[count]`, of which a conditional model needs one each; else None.

    Args:
        label: one class or its name, or int `[count]`; None for a model without classes.
        count: how many images they are of.
        classes: how many classes the model has; None without.
        names: of the classes, if they have any.

    Raises:
        ValueError: labels of a model without classes, or missing or out of range for one with them.
    """
    if classes is None:
        return check_no_label(label)
    if label is None:
        raise ValueError(f"label is None: expected one from 0 to {classes - 1}, or one for each image")
    return check_labels(number_of(label, names), count, classes)


def labels_to_draw(label: Any, count: int, classes: int | None, names: Sequence[str] | None) -> np.ndarray | None:
    """Return the classes of `count` images to draw, as `labels_given` does; without a label, class after class."""
    each = label_of_each(classes, range(count)) if classes is not None and label is None else label
    return labels_given(each, count, classes, names)


def check_no_label(label: Any) -> None:
    """Raise ValueError for a label of a model without classes."""
    if label is not None:
        raise ValueError(
            f"label is {shown(label)}: expected none, since the model has no classes; leave it out, or train a "
            "conditional model"
        )


def label_of_each(classes: int, index: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the labels that images get when nobody names any: class after class, int32 `[n]`."""
    return (np.asarray(index) % classes).astype(np.int32)


def label_input(classes: int | None, index: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
    """Return the labels of images that nobody named any for as an input by name; none for a model without.

    Example:
        >>> label_input(None, range(3)), label_input(2, range(3))
        ({}, {'label': array([0, 1, 0], dtype=int32)})
    """
    return {} if classes is None else {"label": label_of_each(classes, index)}
