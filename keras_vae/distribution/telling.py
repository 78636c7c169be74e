"""What each worker tells all others, and how all give up together where one must."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from keras_vae.distribution.lost_worker import naming_lost_workers


class OtherWorkerFailed(ValueError):
    """Another worker gave up, for a reason that it names."""


def tell_all(strategy: tf.distribute.Strategy, message: Any) -> dict[str, Any]:
    """Return what every worker tells, by its name such as "worker 0"; all must call this together.

    Args:
        strategy: under which the model trains; one of a single process hears only itself.
        message: of this worker, in JSON's types.

    Example:
        >>> tell_all(tf.distribute.get_strategy(), {"keras": "3.15.1"})
        {'worker 0': {'keras': '3.15.1'}}
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return {"worker 0": message}
    task = strategy.cluster_resolver
    told = list(json.dumps([f"{task.task_type} {task.task_id}", message], sort_keys=True).encode())
    gather = _gathering(strategy)
    with naming_lost_workers(strategy):
        lengths, letters = (gather(tf.constant(values, tf.float32)).numpy() for values in ([len(told)], told))
    # Nobody goes on, perhaps to end, before all have heard; whoever is missing now is missed at the next meeting.
    with contextlib.suppress(tf.errors.OpError):
        gather(tf.zeros([1]))
    ends = lengths.astype(int).cumsum().tolist()
    texts = (letters[start:end].astype("uint8").tobytes() for start, end in zip([0, *ends], ends, strict=False))
    return dict(sorted(json.loads(text) for text in texts))  # one entry, where a worker has several replicas


@contextmanager
def failing_together(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Let a block that fails on one worker fail on all, so that none waits for one that gave up.

    All workers must run it together, and go on only when all have. What counts is ValueError and OSError.

    Raises:
        OtherWorkerFailed: on the workers where the block itself ended well.

    Example:
        >>> with failing_together(tf.distribute.get_strategy()):
        ...     int("seven")
        Traceback (most recent call last):
        ...
        ValueError: invalid literal for int() with base 10: 'seven'
    """
    failure = None
    try:
        yield
    except (ValueError, OSError) as error:
        failure = error
    told = tell_all(strategy, None if failure is None else str(failure))
    if failure is not None:
        raise failure
    failed = {worker: reason for worker, reason in told.items() if reason is not None}
    if failed:
        raise OtherWorkerFailed("; ".join(f"{worker} gave up: {reason}" for worker, reason in failed.items()))


@functools.lru_cache(maxsize=1)
def _gathering(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a compiled function that joins a vector of every replica; kept, since compiling takes long."""
    return tf.function(
        lambda values: strategy.gather(strategy.run(lambda: values), axis=0),
        input_signature=[tf.TensorSpec([None], tf.float32)],  # which every collective can carry
    )
