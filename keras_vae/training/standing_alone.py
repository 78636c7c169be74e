"""A trained model apart from where it was trained: on one device, in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from keras_vae.models.vae import VAE


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Give networks made and compiled in the block a Keras dtype policy, such as "mixed_bfloat16".

    Example:
        >>> with dtype_policy("mixed_bfloat16"):
        ...     keras.layers.Dense(3).compute_dtype
        'bfloat16'
        >>> keras.layers.Dense(3).compute_dtype
        'float32'
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def copy_training(trained: VAE, alone: VAE) -> None:
    """Copy weights, counters and the optimizer's state, all of which are float32 or counts under every policy.

    Args:
        trained: a compiled model, under any strategy and dtype policy.
        alone: the same model compiled without.
    """
    optimizer = getattr(trained.optimizer, "inner_optimizer", trained.optimizer)
    for source, target in ((trained, alone), (optimizer, alone.optimizer)):
        for value, variable in zip(source.variables, target.variables, strict=True):
            variable.assign(value.numpy())
