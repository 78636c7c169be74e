"""Workers that train together must run the same training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import tensorflow as tf


def check_same_everywhere(strategy: tf.distribute.Strategy, what: Mapping[str, Any]) -> None:
    """Raise on all workers alike unless all of them pass the same; all must call this together.

    Args:
        strategy: under which the model trains; one of a single process has nothing to compare.
        what: names and values that JSON can hold, such as package versions and settings.

    Raises:
        ValueError: values that differ, each with the workers that have it.

    Example:
        >>> check_same_everywhere(tf.distribute.get_strategy(), {"keras": "3.15.1"})
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return
    task = strategy.cluster_resolver
    told = _all_tell(strategy, {"worker": f"{task.task_type} {task.task_id}", "what": dict(what)})
    by_worker = {each["worker"]: each["what"] for each in told}
    for name in sorted(set().union(*by_worker.values())):
        having: dict[str, list[str]] = {}
        for worker, values in sorted(by_worker.items()):
            having.setdefault(json.dumps(values.get(name)), []).append(worker)
        if len(having) > 1:
            values = "; ".join(f"{', '.join(workers)}: {value}" for value, workers in having.items())
            raise ValueError(f"workers differ in {name}: {values}: expected the same everywhere; make them agree")


def _all_tell(strategy: tf.distribute.Strategy, message: dict) -> list[dict]:
    """What every replica's process tells, in the order of the replicas."""
    # as float32, which every collective can carry
    told = list(json.dumps(message, sort_keys=True).encode())
    lengths, letters = (
        strategy.gather(strategy.run(lambda values=values: tf.constant(values, tf.float32)), axis=0).numpy().astype(int)
        for values in ([len(told)], told)
    )
    ends = lengths.cumsum()
    return [json.loads(bytes(letters[end - length : end].tolist())) for length, end in zip(lengths, ends, strict=True)]
