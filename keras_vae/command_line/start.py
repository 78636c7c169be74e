"""TensorFlow started on the devices, or among the workers, that a training asked for."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_vae.checkpoints.preemption import NOTICES
from keras_vae.checks.backend import check_backend
from keras_vae.command_line.quiet_start import held_stderr

if TYPE_CHECKING:
    import tensorflow as tf


def announce_worker() -> None:
    """Print which worker of TF_CONFIG this is, and whom it waits for.

    Raises:
        ValueError: a TF_CONFIG that is missing or malformed.
    """
    from keras_vae.multi_device.cluster import is_here, read_cluster

    cluster = read_cluster(os.environ.get("TF_CONFIG"))
    print(
        f"worker {cluster.index} of {len(cluster.addresses)}, at {cluster.address}: waiting for all of "
        f"{', '.join(cluster.addresses)}",
        flush=True,
    )
    if not is_here(cluster.address):
        print(f"note: {cluster.address} is no address of this machine: is task.index of TF_CONFIG right?", flush=True)


def start_tensorflow(strategy: str, virtual_devices: int | None = None) -> tf.distribute.Strategy:
    """Import TensorFlow without its notes on the machine, and return a strategy by its name.

    Args:
        strategy: as in `get_strategy`, which must come before anything else that uses TensorFlow.
        virtual_devices: how many to split the processor into; None for leaving it whole.
    """
    with held_stderr(), _interruptible() if strategy == "multi_worker" else contextlib.nullcontext():
        from keras_vae.multi_device.strategies import get_strategy, split_processor

        if virtual_devices:
            split_processor(virtual_devices)
        chosen = get_strategy(strategy)
        check_backend()
        return chosen


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let signals end the process where it waits for other workers, in native code that Python cannot interrupt."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *NOTICES)}
    heard = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
