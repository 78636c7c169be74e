"""Workers that train together must run the same training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from keras_vae.distribution.telling import tell_all


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
    by_worker = tell_all(strategy, dict(what))
    differing = []
    for name in sorted(set().union(*by_worker.values())):
        having: dict[str, list[str]] = {}
        for worker, values in by_worker.items():
            having.setdefault(json.dumps(values.get(name)), []).append(worker)
        if len(having) > 1:
            values = "; ".join(f"{', '.join(workers)}: {value}" for value, workers in having.items())
            differing.append(f"{name}: {values}")
    if differing:
        raise ValueError(
            f"workers differ in {', and in '.join(differing)}: expected the same everywhere; make them agree"
        )
