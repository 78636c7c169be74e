"""Runs a model's steps, on every replica of a strategy if there is one: many in one call, until the data end."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_vae.multi_device.execution import Execution
from keras_vae.multi_device.sharding import Sharded, shard_batch


def step_function(
    model: keras.Model, strategy: tf.distribute.Strategy | None, step: Callable[[Any], dict[str, Any]]
) -> Callable[[Iterator[Any]], dict[str, Any]]:
    """Return what Keras calls again and again with an execution's batches, to train or to test.

    How many steps a call takes is an argument of the compiled function, which therefore serves any number. Keras' own
    always takes `steps_per_execution`, and fails under most strategies: with more than one step in a call, with XLA
    around a whole step, and with several workers, where it averages scalars over an axis that they do not have.

    Args:
        model: a compiled model made in the scope of `strategy`.
        strategy: where the steps run, if any.
        step: `model.train_step` or `model.test_step`.

    Returns:
        A function of an `Execution` that takes its steps, as far as there are data, and returns the logs of the last,
        under a strategy the model's metrics; it raises StopIteration where no data are left. Of any other iterator,
        such as `train_on_batch` passes, it takes one step.
    """
    compiled = functools.partial(tf.function, reduce_retracing=True, autograph=False)

    def on_replicas(batch: Any) -> dict[str, Any]:
        strategy.run(step, args=(batch,))
        return {}

    run = on_replicas if strategy else step
    if not (strategy or model.run_eagerly):
        run = compiled(step, jit_compile=model.jit_compile)

    def logs_before(iterator: Any) -> dict[str, Any]:
        if strategy:
            return {}
        found = run.get_concrete_function(iterator.element_spec).structured_outputs
        return tf.nest.map_structure(lambda each: tf.zeros(each.shape, each.dtype), found)

    def logs_after(logs: dict[str, Any]) -> dict[str, Any]:
        return model.get_metrics_result() if strategy else logs

    def many_steps(iterator: Any, most: tf.Tensor) -> tuple[tf.Tensor, dict[str, Any]]:
        def next_step(taken: tf.Tensor, _: tf.Tensor, last: dict[str, Any]) -> tuple[Any, ...]:
            batch = iterator.get_next_as_optional()
            more = batch.has_value()
            logs = tf.cond(more, lambda: run(batch.get_value()), lambda: last)
            return taken + tf.cast(more, tf.int32), more, logs

        before = tf.constant(0), tf.constant(True), logs_before(iterator)
        taken, _, logs = tf.while_loop(lambda taken, more, _: (taken < most) & more, next_step, before)
        return taken, logs_after(logs)

    def one_step(batch: tf.experimental.Optional) -> dict[str, Any]:
        return run(batch.get_value())

    def one_batch(batch: Any) -> dict[str, Any]:
        return logs_after(run(batch))

    if not model.run_eagerly:
        many_steps, one_step, one_batch = compiled(many_steps), compiled(one_step), compiled(one_batch)
    in_a_loop = strategy or model.steps_per_execution > 1  # where sums may round otherwise than without one

    def call(batches: Any) -> dict[str, Any]:
        if not isinstance(batches, Execution):
            batch = next(batches)
            return one_batch(shard_batch(keras.utils.unpack_x_y_sample_weight(batch), strategy) if strategy else batch)
        taken, logs = 0, {}
        if model.run_eagerly:
            for batch in batches:
                taken, logs = 1, one_batch(batch)
        elif in_a_loop:
            taken, logs = many_steps(batches.iterator, tf.constant(batches.left))
            batches.left -= int(taken)
        elif (batch := batches.iterator.get_next_as_optional()).has_value():
            taken, logs = 1, one_step(batch)
            batches.left -= 1
        if not taken:
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
