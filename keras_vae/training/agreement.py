"""What several workers decide together, since a step that only some of them take hangs them all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import tensorflow as tf


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


@functools.lru_cache(maxsize=1)
def _total(strategy: tf.distribute.Strategy) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a compiled sum over replicas; kept, since compiling takes long."""
    return tf.function(lambda values: strategy.reduce("SUM", strategy.run(lambda: values), axis=None))
