"""Datasets that choose rows before they read them, so that a worker can read its own alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf


class ByRows(NamedTuple):
    """The two halves of a dataset.

    Attributes:
        rows: the numbers of each batch's rows, int64 `[n]`, and what else decides on each, `[n, ...]`; a tuple.
        read: gives the batch of some rows, from these as arguments.
    """

    rows: tf.data.Dataset[Any]
    read: Callable[..., Any]


def note_by_rows(dataset: tf.data.Dataset[Any], halves: ByRows) -> tf.data.Dataset[Any]:
    """Return a dataset with its halves noted; what is made of it by `map` and the like has none."""
    dataset._keras_vae_by_rows = halves  # pyright: ignore[reportAttributeAccessIssue]  noted here
    return dataset


def by_rows(dataset: tf.data.Dataset[Any]) -> ByRows | None:
    """Return the halves of a dataset, if they were noted."""
    return getattr(dataset, "_keras_vae_by_rows", None)
