"""Runs a model's steps on every replica of a strategy: many in one call, until the data end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_vae.multi_device.sharding import Sharded, shard_batch


def step_function(
    model: keras.Model, strategy: tf.distribute.Strategy, step: Callable[[Any], Any]
) -> Callable[[Iterator[Any]], dict[str, Any]]:
    """Return what Keras calls again and again with the data's iterator, to train or to test.

    Keras' own fails under most strategies: with more than one step in a call, with XLA around a whole step, and
    with several workers, where it averages scalars over an axis that they do not have.

    Args:
        model: a compiled model made in the scope of `strategy`.
        strategy: where the steps run.
        step: `model.train_step` or `model.test_step`; its metrics are the model's.

    Returns:
        A function of an iterator that runs up to `model.steps_per_execution` steps and returns the metrics so far;
        it raises StopIteration where no data are left.
    """

    def one_call(iterator: tf.distribute.DistributedIterator) -> tuple[tf.Tensor | int, dict[str, Any]]:
        steps = 0
        for _ in tf.range(model.steps_per_execution):
            batch = iterator.get_next_as_optional()
            if not batch.has_value():
                break
            strategy.run(step, args=(batch.get_value(),))
            steps += 1
        return steps, model.get_metrics_result()

    def one_batch(batch: Any) -> dict[str, Any]:
        strategy.run(step, args=(batch,))
        return model.get_metrics_result()

    if not model.run_eagerly:
        one_call, one_batch = (tf.function(each, reduce_retracing=True) for each in (one_call, one_batch))

    def call(iterator: Iterator[Any]) -> dict[str, Any]:
        if not isinstance(iterator, tf.distribute.DistributedIterator):  # of train_on_batch, which has but one
            return one_batch(shard_batch(keras.utils.unpack_x_y_sample_weight(next(iterator)), strategy))
        steps, logs = one_call(iterator)
        if not steps:
            raise StopIteration
        return logs

    return call


def predict_function(model: keras.Model, strategy: tf.distribute.Strategy) -> Callable[[list], tf.Tensor]:
    """Return what Keras calls with some batches to predict: every replica's rows, in the data's order, everywhere."""

    def step(sharded: Sharded) -> tf.Tensor:
        count = tf.cast(tf.reduce_sum(sharded.shard.own), tf.int32)
        return model.predict_step(sharded)[:count]

    def predict(batch: Any) -> tf.Tensor:
        return strategy.gather(strategy.run(step, args=(batch,)), axis=0)

    if not model.run_eagerly:
        predict = tf.function(predict, reduce_retracing=True)
    return lambda batches: tf.concat([predict(batch) for batch in batches], axis=0)
