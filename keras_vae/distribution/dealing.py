"""Deals each batch out to the replicas: in order, every row once, whatever the batch's size."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import wrapt


class Dealer(wrapt.ObjectProxy):
    """A strategy whose datasets are dealt out by `deal`; in all else the strategy itself.

    TensorFlow's own `experimental_distribute_dataset` repeats and drops rows among workers where the batch size
    does not divide, and joins rows of neighbouring batches.

    Args:
        wrapped: a `tf.distribute.Strategy`.
    """

    def experimental_distribute_dataset(self, dataset: tf.data.Dataset) -> tf.distribute.DistributedDataset:
        """Return the dataset dealt out; Keras asks for it by this name."""
        return deal(dataset, self.__wrapped__)


def deal(dataset: tf.data.Dataset, strategy: tf.distribute.Strategy) -> tf.distribute.DistributedDataset:
    """Give each replica its share of every batch, rows in the order of the replicas, sizes equal but for one row.

    A batch of fewer rows than replicas leaves some with none. Every worker goes through the whole dataset, which
    must therefore be the same on all of them, and keeps its own rows.

    Args:
        dataset: global batches, any structure of tensors `[n, ...]`.
        strategy: a `tf.distribute.Strategy`.

    Raises:
        ValueError: a batch size, where the dataset declares one, below the number of replicas.
    """
    replicas = strategy.num_replicas_in_sync
    check_batch_size(tf.nest.flatten(dataset.element_spec)[0].shape[0], strategy)

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = replicas // context.num_input_pipelines
        numbers = tf.data.Dataset.range(here * context.input_pipeline_id, here * (context.input_pipeline_id + 1))

        def numbered(*batch: Any) -> tf.data.Dataset:
            batch = batch if len(batch) > 1 else batch[0]
            return tf.data.Dataset.zip(numbers, tf.data.Dataset.from_tensors(batch).repeat())

        # The slicing comes after flat_map: a map within it would be set up anew for every batch.
        dealt = dataset.flat_map(numbered).map(lambda number, batch: _rows(batch, number, replicas))
        return dealt.prefetch(2 * here)

    return strategy.distribute_datasets_from_function(of_worker)


def check_batch_size(batch_size: int | None, strategy: tf.distribute.Strategy) -> None:
    """Raise ValueError for a batch size that is known and below the number of a strategy's replicas.

    Example:
        >>> check_batch_size(128, tf.distribute.get_strategy())
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size is not None and batch_size < replicas:
        raise ValueError(
            f"batch_size is {batch_size}, shared out among {replicas} replicas: expected at least {replicas}; "
            "raise it, or train on fewer devices"
        )


def deal_batch(batch: Any, strategy: tf.distribute.Strategy) -> Any:
    """Return one batch, any structure of tensors `[n, ...]`, dealt out as `deal` does: a value for each replica."""
    batch = tf.nest.map_structure(tf.convert_to_tensor, batch)
    return strategy.experimental_distribute_values_from_function(
        lambda context: _rows(batch, context.replica_id_in_sync_group, context.num_replicas_in_sync)
    )


def _rows(batch: Any, number: tf.Tensor | int, replicas: int) -> Any:
    """The rows of one replica, of every tensor in a batch."""

    def cut(tensor: tf.Tensor) -> tf.Tensor:
        count = tf.shape(tensor, tf.int64)[0]
        first, end = ((count * (number + more) + replicas - 1) // replicas for more in (0, 1))
        return tensor[first:end]

    return tf.nest.map_structure(cut, batch)
