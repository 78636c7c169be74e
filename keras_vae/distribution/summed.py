"""An optimizer for gradients that are summed over replicas already."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


def take_summed_gradients(optimizer: keras.optimizers.Optimizer, strategy: tf.distribute.Strategy) -> None:
    """Let an optimizer take gradients as they are, rather than sum them over the replicas of a strategy.

    Keras sums them itself, but too late: after each replica clipped its own part, looked for overflow in it alone
    (mixed_float16), or put it by (gradient_accumulation_steps). Summed before, all of these see the global gradient.

    Args:
        optimizer: a Keras optimizer, which may be a `LossScaleOptimizer`.
        strategy: the strategy that its variables belong to.

    Raises:
        ValueError: an optimizer made outside the strategy's scope, whose variables one replica alone would see, or
            one that updates on some steps only, which Keras cannot do on several replicas.
    """
    for each in (optimizer, getattr(optimizer, "inner_optimizer", None)):
        if each is None:
            continue
        if not strategy.extended.variable_created_in_scope(each.variables[0].value):
            raise ValueError(
                f"the optimizer {each.name!r} was made outside strategy.scope(), in which the model was made: "
                "make it inside, or pass its name"
            )
        replicas = strategy.num_replicas_in_sync
        for name in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
            if getattr(each, name, None) and replicas > 1:
                raise ValueError(
                    f"{name} is {getattr(each, name)}: expected None on {replicas} replicas, where Keras cannot do it; "
                    "leave it out, or train on one device"
                )
        each._all_reduce_sum_gradients = _unchanged


def _unchanged(gradients_and_variables: Any) -> list:
    return list(gradients_and_variables)
