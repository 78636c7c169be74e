"""Shards each batch over the replicas: in order, every row once, whatever the batch's size."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
import wrapt

from keras_vae.data.by_rows import by_rows


class Shard(NamedTuple):
    """The rows of a global batch that one replica holds: those from `first` on, of `total`.

    A batch that is not sharded is a single shard, `Shard()`, with all fields None, for which nothing is computed.

    Attributes:
        first: number of the shard's first row, int64 `[]`.
        total: rows of the global batch, int64 `[]`.
        own: 1 for each of the shard's rows, float32 `[n]`, and 0 for a row that pads an empty shard: convolutions on
            the CPU fail on an empty batch.
    """

    first: tf.Tensor | None = None
    total: tf.Tensor | None = None
    own: tf.Tensor | None = None

    @property
    def rows(self) -> tuple[tf.Tensor, tf.Tensor] | None:
        """(first, total), by which noise is drawn for these rows alone; None for a whole batch."""
        return None if self.first is None or self.total is None else (self.first, self.total)

    def weights(self, weight: tf.Tensor | None) -> tf.Tensor | None:
        """Return the weights by which rows count in a mean, float32 `[n]`, or None where all count alike.

        Args:
            weight: the user's, float32 `[n]`, if any.
        """
        if self.own is None or weight is None:
            return self.own if weight is None else weight
        return self.own * weight

    def mean(self, values: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
        """Return this shard's part of sum(weights * values) / total; the parts add up to the mean over the whole batch.

        A mean of each shard's own rows would give small shards too much weight, and be undefined for an empty one.

        Args:
            values: float32 `[n]`.
            weights: what `weights` returned.
        """
        weighted = values if weights is None else weights * values
        if self.total is None:
            return tf.reduce_mean(weighted)
        return tf.reduce_sum(weighted) / tf.cast(self.total, values.dtype)

    def regularization(self, model: keras.Model) -> tf.Tensor:
        """Return this shard's part of what layers add to the loss: means over images, and weights' regularizers."""
        added = tf.add_n([tf.zeros([]), *model.losses])
        if self.total is None:
            return added
        # every replica has the same weights, whose regularizers should count once
        weights = [weight for weight in model.trainable_weights if weight.regularizer is not None]
        regularizers = tf.add_n([tf.zeros([]), *(weight.regularizer(weight) for weight in weights)])
        part = tf.reduce_sum(self.own) / tf.cast(self.total, tf.float32)
        return part * (added - regularizers) + regularizers / tf.distribute.get_strategy().num_replicas_in_sync

    def sum(self, tensors: Sequence[tf.Tensor | None]) -> list[tf.Tensor | None]:
        """Return the sums of tensors over all shards, in one reduction; None stays None."""
        if self.total is None:
            return list(tensors)
        present = [tensor for tensor in tensors if tensor is not None]
        replica = tf.distribute.get_replica_context()
        summed = iter(replica.all_reduce(tf.distribute.ReduceOp.SUM, present))
        return [None if tensor is None else next(summed) for tensor in tensors]


class Sharded(NamedTuple):
    """What a replica gets of a batch: the shard's rows of every tensor, and which rows they are."""

    batch: Any
    shard: Shard


class RowSharding(wrapt.ObjectProxy):
    """A strategy whose datasets are sharded by `shard_dataset`; otherwise it behaves as the strategy itself.

    TensorFlow's own `experimental_distribute_dataset` repeats and drops rows among workers where the batch size
    is not divisible by their number, and joins rows of neighbouring batches.

    Args:
        wrapped: a `tf.distribute.Strategy`.
    """

    def experimental_distribute_dataset(self, dataset: tf.data.Dataset[Any]) -> tf.distribute.DistributedDataset:
        """Return the dataset sharded; Keras asks for it by this name."""
        return shard_dataset(dataset, self.__wrapped__)


def shard_dataset(dataset: tf.data.Dataset[Any], strategy: tf.distribute.Strategy) -> tf.distribute.DistributedDataset:
    """Give each replica its part of every batch, rows in the order of the replicas, sizes differing by at most one row.

    A batch of fewer rows than replicas leaves some replicas empty. Every worker goes through the whole
    dataset, which must therefore be the same on all of them, and keeps its own rows.

    Args:
        dataset: global batches, any structure of tensors `[n, ...]`.
        strategy: a `tf.distribute.Strategy`.

    Raises:
        ValueError: a batch size, where the dataset declares one, below the number of replicas.
    """
    check_batch_size(tf.nest.flatten(dataset.element_spec)[0].shape[0], strategy)
    return strategy.distribute_datasets_from_function(functools.partial(shards_of_worker, dataset))


def shards_of_worker(dataset: tf.data.Dataset[Any], context: tf.distribute.InputContext) -> tf.data.Dataset[Any]:
    """Return the shards of one worker's replicas, a `Sharded` each, replica after replica and batch after batch.

    Of a dataset by rows (see `keras_vae.data.by_rows`) no other worker's rows are read.
    """
    replicas = context.num_replicas_in_sync
    here = replicas // context.num_input_pipelines
    numbers = tf.data.Dataset.range(here * context.input_pipeline_id, here * (context.input_pipeline_id + 1))
    halves = by_rows(dataset)

    def numbered(*batch: Any) -> tf.data.Dataset:
        batch = batch[0] if len(batch) == 1 else batch
        return tf.data.Dataset.zip(numbers, tf.data.Dataset.from_tensors(batch).repeat())

    # The slicing comes after flat_map: a map within it would be set up anew for every batch.
    shards = (halves.rows if halves else dataset).flat_map(numbered)
    shards = shards.map(lambda number, batch: _shard(batch, number, replicas))
    if halves:
        shards = shards.map(lambda rows: Sharded(halves.read(*tf.nest.flatten(rows.batch)), rows.shard))
    return shards.prefetch(2 * here)


def shard_batch(batch: Any, strategy: tf.distribute.Strategy) -> Any:
    """Return one batch, any structure of tensors `[n, ...]`, as `shard_dataset` would: a `Sharded` for each replica."""
    batch = tf.nest.map_structure(lambda part: None if part is None else tf.convert_to_tensor(part), batch)
    return strategy.experimental_distribute_values_from_function(
        lambda context: _shard(batch, context.replica_id_in_sync_group, context.num_replicas_in_sync)
    )


def check_batch_size(batch_size: int | None, strategy: tf.distribute.Strategy) -> None:
    """Raise ValueError for a batch size that is known and below the number of a strategy's replicas.

    Example:
        >>> check_batch_size(128, tf.distribute.get_strategy())
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size is not None and batch_size < replicas:
        raise ValueError(
            f"batch_size is {batch_size}, shared among {replicas} replicas: expected at least {replicas}; "
            "raise it, or train on fewer devices"
        )


def check_shuffle(shuffle: bool, strategy: tf.distribute.Strategy) -> None:
    """Raise ValueError for an array to shuffle on several workers, each of which would take an order of its own."""
    if shuffle and isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        raise ValueError(
            "shuffle is True for an array on several workers, which would each shuffle it differently: "
            "expected a tf.data.Dataset shuffled with a seed, such as load_dataset's; or pass shuffle=False"
        )


def _shard(batch: Any, number: tf.Tensor | int, replicas: int) -> Sharded:
    """The rows of one replica, of every tensor in a batch."""
    total = tf.shape(tf.nest.flatten(batch)[0], tf.int64)[0]
    first, end = ((total * (number + more) + replicas - 1) // replicas for more in (0, 1))
    padding = tf.cast(end == first, tf.int64)

    def cut(tensor: tf.Tensor | None) -> tf.Tensor | None:
        if not tf.is_tensor(tensor):  # labels that are not given, where weights are
            return None
        rows = tensor[first:end]
        return tf.pad(rows, [[0, padding], *[[0, 0]] * (rows.shape.rank - 1)])

    own = tf.concat([tf.ones([end - first]), tf.zeros([padding])], axis=0)
    return Sharded(tf.nest.map_structure(cut, batch), Shard(first, total, own))
