"""What the workers of a strategy tell each other, and decide together: a step that only some take hangs them all."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from keras_vae.checks.kind import check_kind
from keras_vae.checks.shown import first_line, shown
from keras_vae.multi_device.lost_worker import naming_lost_workers


class OtherWorkerFailed(ValueError):
    """Another worker gave up, for a reason that it names."""


def worker_count(strategy: tf.distribute.Strategy) -> int:
    """Return over how many processes a strategy spreads; 1 unless it is of several workers."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    tasks = strategy.cluster_resolver.cluster_spec().as_dict()
    return max(1, sum(len(tasks.get(job, [])) for job in ("chief", "worker")))


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one of its strategy that writes files; a lone one is."""
    return strategy.extended.should_checkpoint


def any_worker(strategy: tf.distribute.Strategy, flags: Sequence[bool]) -> list[bool]:
    """Return for each flag whether any worker raised it; all workers must call this together.

    Args:
        strategy: under which the model trains.
        flags: of this worker.
    """
    if worker_count(strategy) == 1:
        return list(flags)
    return [bool(count) for count in _total(strategy)(tf.constant(flags, tf.float32)).numpy()]


def all_gather_object(strategy: tf.distribute.Strategy, value: Any) -> dict[str, Any]:
    """Return the values of all workers, by their names such as "worker 0"; all must call this together.

    Args:
        strategy: under which the model trains; one of a single process hears only itself.
        value: of this worker, in JSON's types.

    Example:
        >>> all_gather_object(tf.distribute.get_strategy(), {"keras": "3.15.1"})
        {'worker 0': {'keras': '3.15.1'}}
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return {"worker 0": value}
    task = strategy.cluster_resolver
    own = list(json.dumps([f"{task.task_type} {task.task_id}", value], sort_keys=True).encode())
    gather = _gathering(strategy)
    with naming_lost_workers(strategy):
        lengths, letters = (gather(tf.constant(numbers, tf.float32)).numpy() for numbers in ([len(own)], own))
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
    reasons = all_gather_object(strategy, None if failure is None else str(failure))
    if failure is not None:
        raise failure
    failed = {worker: reason for worker, reason in reasons.items() if reason is not None}
    if failed:
        raise OtherWorkerFailed("; ".join(f"{worker} gave up: {reason}" for worker, reason in failed.items()))


def assert_same_on_workers(strategy: tf.distribute.Strategy, values: Mapping[str, Any]) -> None:
    """Raise an error on all workers unless all of them pass the same values.

    All workers must call this function.

    Args:
        strategy: the strategy under which the model trains; with a single process there is nothing to compare.
        values: a dict of JSON values by name, such as package versions and settings.

    Raises:
        ValueError: if values differ; the message lists each value with the workers that have it.

    Example:
        >>> assert_same_on_workers(tf.distribute.get_strategy(), {"keras": "3.15.1"})
    """
    check_kind("strategy", strategy, tf.distribute.Strategy, "a tf.distribute.Strategy, such as get_strategy() gives")
    check_kind("values", values, Mapping, "a dict of what JSON can hold, by name")
    try:
        json.dumps(dict(values))
    except (TypeError, ValueError) as error:
        raise ValueError(f"values is {shown(values)} ({first_line(error)}): expected what JSON can hold") from error
    by_worker = all_gather_object(strategy, dict(values))
    differing = []
    for name in sorted(set().union(*by_worker.values())):
        having: dict[str, list[str]] = {}
        for worker, found in by_worker.items():
            having.setdefault(json.dumps(found.get(name)), []).append(worker)
        if len(having) > 1:
            found = "; ".join(f"{', '.join(workers)}: {value}" for value, workers in having.items())
            differing.append(f"{name}: {found}")
    if differing:
        raise ValueError(
            f"workers differ in {', and in '.join(differing)}: expected the same everywhere; make them agree"
        )


@functools.lru_cache(maxsize=1)
def _gathering(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a compiled function that joins a vector of every replica; kept, since compiling takes long."""
    return tf.function(
        lambda values: strategy.gather(strategy.run(lambda: values), axis=0),
        input_signature=[tf.TensorSpec([None], tf.float32)],  # which every collective can carry
    )


@functools.lru_cache(maxsize=1)
def _total(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a compiled sum over replicas; kept, since compiling takes long."""
    return tf.function(lambda values: strategy.reduce("SUM", strategy.run(lambda: values), axis=None))
