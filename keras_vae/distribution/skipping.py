"""Updates that are made only where the gradient is finite and not too large."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import tensorflow as tf


def check_limit(limit: float) -> float:
    """Return the limit of the gradient's norm as a float; ValueError unless it is above 0, infinity included."""
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or math.isnan(limit) or limit <= 0:
        raise ValueError(
            f"skip_gradients_above is {limit!r}: expected a number above 0; float('inf') skips those alone that are "
            "not finite"
        )
    return float(limit)


def count_skipped(optimizer: keras.optimizers.Optimizer) -> None:
    """Give an optimizer a count of the updates that were skipped, which is saved with it."""
    if not hasattr(optimizer, "skipped_updates"):
        optimizer.skipped_updates = optimizer.add_variable(
            shape=(),
            initializer="zeros",
            dtype="int32",
            aggregation="only_first_replica",  # all replicas count alike
            name="skipped_updates",
        )


def apply_unless_above(
    limit: float,
    optimizer: keras.optimizers.Optimizer,
    gradients: Sequence[tf.Tensor | None],
    weights: Sequence[keras.Variable],
) -> None:
    """Let an optimizer take gradients if their norm is finite and at most `limit`, else leave everything as it is.

    Weights, moments, averages and the count of iterations of a skipped update stay as they were; the count of
    `count_skipped` rises by one. Under dynamic loss scaling (mixed_float16) the norm is that of the unscaled
    gradient, and one that is not finite still reaches the loss scale, which halves itself and skips the update as well.

    Args:
        limit: above 0.
        optimizer: a Keras optimizer, which may be a `LossScaleOptimizer`.
        gradients: of the scaled loss, summed over all replicas, so that all decide alike.
        weights: what they are the gradients of.
    """
    scale = optimizer.scale_loss(tf.ones([]))
    values = [each.values if isinstance(each, tf.IndexedSlices) else each for each in gradients if each is not None]
    norm = tf.linalg.global_norm([each / scale for each in values])
    fit = tf.math.is_finite(norm) & (norm <= limit)
    optimizer.skipped_updates.assign_add(tf.cast(~fit, tf.int32))
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        fit |= ~optimizer.check_finite(values)
    _apply_if(fit, optimizer, gradients, weights)


def _apply_if(
    chosen: tf.Tensor,
    optimizer: keras.optimizers.Optimizer,
    gradients: Sequence[tf.Tensor | None],
    weights: Sequence[keras.Variable],
) -> None:
    def branch(apply: object, *arguments: object) -> int:
        apply(*arguments)
        return 0

    if tf.__internal__.distribute.strategy_supports_no_merge_call():
        tf.cond(chosen, lambda: branch(optimizer.apply, gradients, weights), lambda: 0)
        return

    # Optimizers meet the other replicas, which no branch of one replica may: so all replicas are within the branch.
    def of_all_replicas(strategy: tf.distribute.Strategy, chosen: tf.Tensor, *merged: object) -> None:
        on_each = strategy.extended.call_for_each_replica
        first = strategy.experimental_local_results(chosen)[0]
        tf.cond(first, lambda: branch(on_each, optimizer.apply, merged), lambda: 0)

    tf.distribute.get_replica_context().merge_call(of_all_replicas, args=(chosen, gradients, weights))
