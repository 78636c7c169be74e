"""Where a training runs, by name."""

from __future__ import annotations

import functools
import os

import tensorflow as tf

from keras_vae.distribution.cluster import check_port_free, read_cluster
from keras_vae.identifiers import close_names

STRATEGIES = ("auto", "one_device", "mirrored", "multi_worker")


def get_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Return a strategy; make, compile and load models inside `with strategy.scope():`.

    Args:
        name: "auto", the default, for all visible GPUs, else one device; "one_device" for the first GPU, else the
            processor; "mirrored" for all GPUs, else all logical processors, of this machine; "multi_worker" for the
            workers that the environment's TF_CONFIG lists, each with all its GPUs, else its processor.

    Raises:
        ValueError: an unknown name; for "multi_worker" a TF_CONFIG that is missing or malformed, an address in use,
            or TensorFlow having run something before.

    Example:
        >>> get_strategy("one_device").num_replicas_in_sync
        1
    """
    if name not in STRATEGIES:
        raise ValueError(f"unknown strategy {name!r}: {close_names(name, list(STRATEGIES))}")
    if name == "multi_worker":
        return _multi_worker(os.environ.get("TF_CONFIG"))
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy([device.name for device in gpus or tf.config.list_logical_devices("CPU")])
    return tf.distribute.get_strategy()  # TensorFlow's default, which costs nothing


@functools.cache  # a process can join one cluster, and once
def _multi_worker(tf_config: str | None) -> tf.distribute.Strategy:
    check_port_free(read_cluster(tf_config).address)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        if "program startup" not in str(error):
            raise
        raise ValueError(
            "strategy 'multi_worker' came after other TensorFlow operations: expected it first; call "
            "get_strategy('multi_worker') before anything else that uses TensorFlow"
        ) from error
