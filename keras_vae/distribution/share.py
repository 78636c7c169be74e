"""What one replica holds of the global batch, and how its parts add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf


class Share(NamedTuple):
    """The rows of a global batch that one replica holds: `count` from `first` on, of `total`.

    Attributes:
        replicas: how many replicas share the batch; a lone one holds all rows, and the rest is None.
        first: number of this replica's first row, int64 `[]`.
        total: rows of the global batch, int64 `[]`, at least 1.
        count: rows of this replica, int32 `[]`, possibly none.
    """

    replicas: int = 1
    first: tf.Tensor | None = None
    total: tf.Tensor | None = None
    count: tf.Tensor | None = None

    @property
    def rows(self) -> tuple[tf.Tensor, tf.Tensor] | None:
        """(first, total), or None for a lone replica."""
        return None if self.replicas == 1 else (self.first, self.total)

    def fill(self, x: tf.Tensor) -> tf.Tensor:
        """Return this replica's rows, made up to one row if it has none."""
        return x if self.replicas == 1 else at_least_one_row(x)

    def own(self, values: tf.Tensor) -> tf.Tensor:
        """Return of `values` `[n, ...]`, computed from rows that were filled up, those of this replica's own rows."""
        return values if self.replicas == 1 else values[: self.count]

    def mean(self, values: tf.Tensor) -> tf.Tensor:
        """Return this replica's part of the mean of `values` float32 `[n]` over the global batch: the parts' sum.

        A mean of each replica's own rows would weigh rows of small shares too much, and be undefined for none.
        """
        if self.replicas == 1:
            return tf.reduce_mean(values)
        own = tf.where(tf.range(tf.size(values)) < self.count, values, 0)
        return tf.reduce_sum(own) / tf.cast(self.total, values.dtype)

    def weight(self) -> tf.Tensor:
        """Return which part of the global batch this replica's rows are, float32 `[]`; the parts add up to 1."""
        return tf.ones([]) if self.replicas == 1 else tf.cast(self.count / tf.cast(self.total, tf.int32), tf.float32)


def share_of_batch(count: tf.Tensor) -> Share:
    """Return which rows of the global batch are this replica's, where it holds `count`, int32, of them.

    Called on every replica at once, in the order of whose numbers the rows lie: one sum of a vector of counts.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return Share()
    here = tf.one_hot(context.replica_id_in_sync_group, context.num_replicas_in_sync)
    # Summed as float32, which every device and every collective can: exact below 2**24 images a replica.
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, here * tf.cast(count, tf.float32))
    counts = tf.cast(counts, tf.int64)
    first = tf.reduce_sum(tf.where(here > 0, tf.cumsum(counts, exclusive=True), 0))
    return Share(context.num_replicas_in_sync, first, tf.reduce_sum(counts), count)


def at_least_one_row(x: tf.Tensor) -> tf.Tensor:
    """Return `x`, or a row of zeros where it has none: convolutions on the processor fail on an empty batch."""
    return tf.cond(tf.shape(x)[0] > 0, lambda: x, lambda: tf.zeros([1, *x.shape[1:]], x.dtype))


def sum_over_replicas(tensors: Sequence[tf.Tensor | None]) -> list[tf.Tensor | None]:
    """Return the sums of tensors over replicas, all in one reduction; None stays None."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return list(tensors)
    present = [tensor for tensor in tensors if tensor is not None]
    summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, present))
    return [None if tensor is None else next(summed) for tensor in tensors]
