"""Where a training runs, by name."""

from __future__ import annotations

import functools
import os

import tensorflow as tf

from keras_vae.multi_device.cluster import check_port_free, read_cluster
from keras_vae.registry import check_known

# Each takes threads, and a copy of the model: more of them try nothing new.
MOST_VIRTUAL_DEVICES = 64
STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker")


def get_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Return a strategy; create, compile and load models inside `with strategy.scope():`.

    Args:
        name: "auto", the default, for all visible GPUs, or one device if there are none; "one_device" for the first
            GPU, or the CPU; "mirrored" for all GPUs of this machine, or all its logical CPUs; "multi_worker" for the
            workers listed in the environment variable TF_CONFIG, each with all its GPUs, or its CPU.

    Raises:
        ValueError: if the name is unknown; for "multi_worker", if TF_CONFIG is missing or malformed, an address is in
            use, workers cannot join, or TensorFlow operations have already run.

    Example:
        >>> get_strategy("one_device").num_replicas_in_sync
        1
    """
    check_known("strategy", name, STRATEGIES)
    if name == "multi_worker":
        return _multi_worker(os.environ.get("TF_CONFIG"))
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return _mirrored(tuple(device.name for device in gpus or tf.config.list_logical_devices("CPU")))
    return tf.distribute.get_strategy()  # TensorFlow's default, which costs nothing


@functools.cache  # two strategies over the same devices disturb each other's collectives
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy(devices)


def split_processor(count: int) -> None:
    """Let TensorFlow see this machine's processor as several devices, to try "mirrored" without GPUs.

    Args:
        count: how many; 1 to 64.

    Raises:
        ValueError: a count out of range, or TensorFlow having looked for its devices before.
    """
    if not 1 <= count <= MOST_VIRTUAL_DEVICES:
        raise ValueError(
            f"the number of virtual devices is {count}: expected 1 to {MOST_VIRTUAL_DEVICES}; "
            f"{'raise' if count < 1 else 'lower'} it"
        )
    try:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError as error:
        raise ValueError(
            "the CPU was to be split after TensorFlow found its devices: expected the split before anything else that "
            "uses TensorFlow"
        ) from error


@functools.cache  # a process can join one cluster, and once
def _multi_worker(tf_config: str | None) -> tf.distribute.Strategy:
    cluster = read_cluster(tf_config)
    check_port_free(cluster.address)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise ValueError(
            f"worker {cluster.index} of {', '.join(cluster.addresses)} could not join the others "
            f"({error.message.splitlines()[0]}): expected every worker to have the same cluster and an index of its "
            "own; check TF_CONFIG, then start all again"
        ) from error
    except RuntimeError as error:
        if "program startup" not in str(error):
            raise
        raise ValueError(
            "strategy 'multi_worker' was requested after other TensorFlow operations: expected it first; call "
            "get_strategy('multi_worker') before anything else that uses TensorFlow"
        ) from error
