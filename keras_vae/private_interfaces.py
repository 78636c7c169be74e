"""Everything of Keras, TensorFlow and TFDS that is used here without being public, and why.

`tests/test_private_interfaces.py` holds each against the installed versions: when one changes, this is the one file
to mend.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import keras
import tensorflow as tf

ModelClass = TypeVar("ModelClass", bound=type[keras.Model])


def strategy_of(model: keras.Model) -> tf.distribute.Strategy | None:
    """Return the strategy in whose scope a model was made; Keras' public property hides whether there was one."""
    return model._distribute_strategy


def layers_of(model: keras.Model, include_self: bool = True) -> list[keras.layers.Layer]:
    """Return all layers of a model, those within layers too; Keras' public `layers` are the outermost alone."""
    return model._flatten_layers(include_self=include_self)


def take_summed_gradients(optimizer: keras.optimizers.Optimizer) -> None:
    """Let an optimizer take gradients as they are, rather than sum them over replicas.

    Keras sums them itself, but too late: after each replica clipped its own part, looked for overflow in it alone
    (mixed_float16), or put it by (gradient_accumulation_steps).
    """
    optimizer._all_reduce_sum_gradients = list


def branches_within_replicas() -> bool:
    """Whether an optimizer may be called in a branch of one replica: not where it waits there for the others."""
    return tf.__internal__.distribute.strategy_supports_no_merge_call()


def converter_error() -> type[Exception]:
    """Return what TensorFlow's TFLite converter raises for a model that it cannot express."""
    from tensorflow.lite.python.convert_phase import ConverterError

    return ConverterError


@contextmanager
def custom_gradients_forgotten() -> Iterator[None]:
    """Forget, when a block ends, the custom gradients of the graphs that were traced or loaded in it.

    TensorFlow registers one wherever a graph holds an operator such as swish, for as long as the process lives, and
    each keeps its whole graph alive. What was traced in the block can be run afterwards, but no longer differentiated.
    """
    from tensorflow.python.framework.ops import gradient_registry

    before = set(gradient_registry.list())
    try:
        yield
    finally:
        for name in gradient_registry.list() - before:
            del gradient_registry._registry[name]


@contextmanager
def progress_bars_of_tfds(shown: bool) -> Iterator[None]:
    """Show or hide TFDS' progress bars in a block; TFDS has no way to ask whether they are on."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.utils import tqdm_utils

    before = tqdm_utils._active
    tfds.display_progress_bar(shown)
    try:
        yield
    finally:
        tfds.display_progress_bar(before)


@contextmanager
def retries_of_tfds(count: int) -> Iterator[None]:
    """Let TFDS try a download so often; its ten tries keep a machine without a network for 204 seconds."""
    from tensorflow_datasets.core.download import downloader

    before, downloader.MAX_RETRIES = downloader.MAX_RETRIES, count
    try:
        yield
    finally:
        downloader.MAX_RETRIES = before


def without_symbolic_build(model_class: ModelClass) -> ModelClass:
    """Return a model class that Keras does not build from its data before training.

    Models here are built when they are made, and under a strategy Keras would use up a batch for it.
    """
    model_class._maybe_symbolic_build = _build_nothing
    return model_class


def _build_nothing(self: keras.Model, iterator: Any = None, data_batch: Any = None) -> None:
    """Build nothing."""
