"""An optimizer that makes no update from a gradient that is not finite or too large."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, Self

import keras
import tensorflow as tf

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import is_number
from keras_vae.checks.shown import shown
from keras_vae.private_interfaces import branches_within_replicas

Gradients = Sequence[tf.Tensor | tf.IndexedSlices | None]


@keras.saving.register_keras_serializable(package="keras_vae")
class SkipLargeGradients(keras.optimizers.Optimizer):
    """Wraps an optimizer and skips updates whose gradient norm is not finite or above `limit`.

    A skipped update changes no weights, moments, averages or iterations; `skipped_updates` rises by one. Around a
    `LossScaleOptimizer` (mixed_float16), the norm is that of the unscaled gradient. A gradient that is not finite is
    still passed to the loss scale optimizer, which halves the scale and skips the update as well. Gradients must be
    summed over all replicas, so that all replicas make the same decision.

    Args:
        inner_optimizer: a Keras optimizer.
        limit: largest norm over all weights, above 0; infinity skips only gradients that are not finite.
        name: name of this optimizer.

    Raises:
        ValueError: if `limit` is not a number above 0.
    """

    def __init__(
        self, inner_optimizer: keras.optimizers.Optimizer, limit: float, name: str = "skip_large_gradients"
    ) -> None:
        check_kind("inner_optimizer", inner_optimizer, keras.optimizers.Optimizer, "a Keras optimizer; make one")
        if not (is_number(limit) or (isinstance(limit, Real) and limit == math.inf)) or limit <= 0:
            raise ValueError(
                f"skip_gradients_above is {shown(limit)}: expected a number above 0; float('inf') skips only what is "
                "not finite"
            )
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer, self.limit = inner_optimizer, float(limit)
        self.skipped_updates = self.add_variable(
            shape=(),
            initializer="zeros",
            dtype="int32",
            aggregation="only_first_replica",  # all replicas count alike
            name="skipped_updates",
        )

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Make the inner optimizer's variables."""
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[keras.Variable]:
        """The inner optimizer's variables, the count of skipped updates among them where files have always had it."""
        iterations, learning_rate, *others = self.inner_optimizer.variables
        return [iterations, learning_rate, self.skipped_updates, *others]

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> keras.Variable:
        """How many updates were made."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: tf.Tensor) -> tf.Tensor:
        """Return the loss as the inner optimizer scales it."""
        return self.inner_optimizer.scale_loss(loss)

    def finalize_variable_values(self, variables: Sequence[keras.Variable]) -> None:
        """Let the inner optimizer finish, such as put averages in place of weights."""
        self.inner_optimizer.finalize_variable_values(variables)

    def apply(self, grads: Gradients, trainable_variables: Sequence[keras.Variable] | None = None) -> None:
        """Take gradients of the scaled loss, one for each variable, None where the loss does not depend on it."""
        values = [each.values if isinstance(each, tf.IndexedSlices) else each for each in grads if each is not None]
        scale = self.scale_loss(tf.ones([]))
        norm = tf.linalg.global_norm([each / scale for each in values])
        usable = tf.math.is_finite(norm) & (norm <= self.limit)
        self.skipped_updates.assign_add(tf.cast(~usable, tf.int32))
        if isinstance(self.inner_optimizer, keras.optimizers.LossScaleOptimizer):
            usable |= ~self.inner_optimizer.check_finite(values)
        _call_if(usable, self.inner_optimizer.apply, grads, trainable_variables)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this optimizer again."""
        inner = keras.saving.serialize_keras_object(self.inner_optimizer)
        return {"inner_optimizer": inner, "limit": self.limit, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        """Build the optimizer from `get_config()`."""
        inner = keras.saving.deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(inner, config["limit"], config["name"])


def _call_if(chosen: tf.Tensor, function: Callable[..., Any], *arguments: Any) -> None:
    def branch(call: Callable[..., Any], *given: Any) -> int:
        call(*given)
        return 0

    if branches_within_replicas():
        tf.cond(chosen, lambda: branch(function, *arguments), lambda: 0)
        return

    # Optimizers meet the other replicas, which no branch of one replica may: so all replicas are within the branch.
    def of_all_replicas(strategy: tf.distribute.Strategy, chosen: tf.Tensor, *merged: Any) -> None:
        on_each = strategy.extended.call_for_each_replica
        first = strategy.experimental_local_results(chosen)[0]
        tf.cond(first, lambda: branch(on_each, function, merged), lambda: 0)

    tf.distribute.get_replica_context().merge_call(of_all_replicas, args=(chosen, *arguments))
