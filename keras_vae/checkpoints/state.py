"""All variables that decide a model's next training step, as arrays and back."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.multi_device.collectives import worker_count
from keras_vae.multi_device.replica_checks import with_inner_optimizers

_PARTS = ("likelihood", "prior", "posterior", "objective", "seed", "optimizer")


def take_state(model: keras.Model) -> list[np.ndarray]:
    """Return a copy of each variable's value; with several workers, all must call it together.

    They are those of the networks, counters and seeds; of the optimizer, which hold its iterations, learning rate,
    moments, averages and dynamic loss scale; and the running means of the epoch, of each replica `[replicas, ...]`.
    """
    return [*(np.array(variable.numpy()) for variable in kept_variables(model)), *_take_means(model)]


def put_state(model: keras.Model, state: Sequence[np.ndarray]) -> None:
    """Give each variable its value back; with several workers, all must call it together."""
    kept = kept_variables(model)
    for variable, value in zip(kept, state[: len(kept)], strict=True):
        variable.assign(value)
    _put_means(model, state[len(kept) :])


def kept_variables(model: keras.Model) -> list[keras.Variable]:
    """Return what a training goes on from: weights, counters and the optimizer's state."""
    return [*model.variables, *model.optimizer.variables]


def _means(model: keras.Model) -> list[keras.Variable]:
    return [variable for metric in model.metrics for variable in metric.variables]


def _take_means(model: keras.Model) -> list[np.ndarray]:
    strategy, means = model.distribute_strategy, _means(model)
    if strategy.num_replicas_in_sync == 1:
        return [variable.numpy()[None] for variable in means]
    # Each replica has a sum of its own: their total, halved and summed again, would differ in the last bit.
    return [part.numpy() for part in _gathering(model)()]


@functools.lru_cache(maxsize=1)
def _gathering(model: keras.Model) -> Callable[[], list[tf.Tensor]]:
    """Return a compiled function that gives the running means of every replica; kept, since compiling takes long."""
    strategy, means = model.distribute_strategy, _means(model)

    @tf.function
    def gather() -> list[tf.Tensor]:
        parts = strategy.run(lambda: [variable.value[None] for variable in means])
        return [strategy.gather(part, axis=0) for part in parts]

    return gather


def _put_means(model: keras.Model, state: Sequence[np.ndarray]) -> None:
    strategy, means = model.distribute_strategy, _means(model)
    replicas = strategy.num_replicas_in_sync
    # On another number of replicas, the first takes the total.
    parts = [
        value if len(value) == replicas else np.stack([value.sum(axis=0), *[np.zeros_like(value[0])] * (replicas - 1)])
        for value in state
    ]
    if replicas == 1:
        for variable, part in zip(means, parts, strict=True):
            variable.assign(part[0])
        return

    def put() -> None:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        for variable, part in zip(means, parts, strict=True):
            variable.assign(tf.gather(part, replica))

    tf.function(lambda: strategy.run(put))()


def check_fits(model: keras.Model, facts: dict[str, Any], state: Sequence[np.ndarray], source: object) -> None:
    """Raise ValueError unless a state is one of this model, compiled as it was.

    Args:
        model: a compiled model.
        facts: what `describe` returned when the state was taken.
        state: the arrays.
        source: where the state comes from, for the message.
    """
    mend = "build and compile the model as it was, or start anew in another folder"
    for name, now in describe(model).items():
        if facts[name] != now:
            raise ValueError(
                f"{source} is from another training run, whose {name} is {facts[name]}: expected {now}; {mend}"
            )
    kept, means = kept_variables(model), _means(model)
    count = len(kept) + len(means)
    if len(state) != count:
        raise ValueError(f"{source} is from another model, which has {len(state)} variables: expected {count}; {mend}")
    shapes = [*(value.shape for value in state[: len(kept)]), *(value.shape[1:] for value in state[len(kept) :])]
    for variable, shape in zip([*kept, *means], shapes, strict=True):
        if tuple(variable.shape) != shape:
            raise ValueError(
                f"{source} is from another model, whose {variable.path} is {list(shape)}: expected "
                f"{list(variable.shape)}; {mend}"
            )


def describe(model: keras.Model) -> dict[str, Any]:
    """Return what else decides a step's last bits: XLA and TensorFlow's loop each round in their own order."""
    optimizer = with_inner_optimizers(model.optimizer)[-1]
    return {
        "model": type(model).__name__,
        "optimizer": type(optimizer).__name__,
        "jit_compile": bool(model.jit_compile),
        "steps_per_execution": model.steps_per_execution,
    }


def settings_of(model: keras.Model) -> dict[str, Any]:
    """Return by what a model's parts and optimizer were made, by place, such as {"objective.kl_weight": 1.0}."""
    parts = {name: getattr(model, name, None) for name in _PARTS}
    known = {name: part for name, part in parts.items() if isinstance(part, int) or hasattr(part, "get_config")}
    made = keras.saving.serialize_keras_object(known)
    return dict(_leaves("", json.loads(json.dumps(made, default=str))))


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, float):
        yield place, float(f"{value:.6g}")  # a learning rate is a float32's
    elif not isinstance(value, dict):
        yield place, value
    elif "class_name" in value:
        yield f"{place}.class", value["class_name"]
        yield from _leaves(place, value.get("config"))
    else:
        for name, inner in value.items():
            if name != "name":  # which Keras numbers as it makes them
                yield from _leaves(f"{place}.{name}".lstrip("."), inner)


def describe_strategy(strategy: tf.distribute.Strategy) -> str:
    """Return on how many replicas a strategy trains, in how many processes, in a few words.

    Example:
        >>> describe_strategy(tf.distribute.get_strategy())
        '1 replica in 1 process'
    """
    counts = {"replica": strategy.num_replicas_in_sync, "process": worker_count(strategy)}
    plurals = {"replica": "replicas", "process": "processes"}
    return " in ".join(f"{count} {name if count == 1 else plurals[name]}" for name, count in counts.items())
