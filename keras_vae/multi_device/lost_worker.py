"""A worker that is gone: the others end and say so, rather than wait for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

# EX_TEMPFAIL of sysexits.h: nothing is wrong with the call, and the same one may succeed later.
EXIT_STATUS = 75


class WorkerLost(RuntimeError):
    """Another worker's process died or ended, or its machine cannot be reached."""


@contextmanager
def naming_lost_workers(strategy: tf.distribute.Strategy | None) -> Iterator[None]:
    """Turn TensorFlow's error in a block that needs all workers, where one is gone, into `WorkerLost`, in a line.

    TensorFlow's coordination service notices a worker that is gone by its closed connections or by missing
    heartbeats, after 10 seconds, and then aborts whatever waits for it.

    Args:
        strategy: under which the block runs; None for none.

    Raises:
        WorkerLost: another worker is gone.
        ValueError: the workers' TF_CONFIGs list different numbers of workers.
    """
    try:
        yield
    except tf.errors.OpError as error:
        several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        if not several or "Collective ops is aborted" not in error.message:
            raise
        if "joining a group with size" in error.message:
            raise ValueError(
                "workers differ in the number of workers that TF_CONFIG lists: expected the same cluster everywhere; "
                "make them agree, and start all again"
            ) from error
        raise WorkerLost(
            f"lost {_named(error.message, strategy)}: its process ended, or its machine cannot be reached; start all "
            "workers again"
        ) from error


def _named(message: str, strategy: tf.distribute.MultiWorkerMirroredStrategy) -> str:
    """Which worker an error is about, where it says so."""
    here = (strategy.cluster_resolver.task_type, str(strategy.cluster_resolver.task_id))
    about = re.sub(r"{{.*?}}", "", message)  # in which operation of this worker it came up
    others = sorted(set(re.findall(r"/job:(\w+)/replica:\d+/task:(\d+)", about)) - {here})
    return " and ".join(" ".join(other) for other in others) or "another worker"
