"""Keras' `fit`, `evaluate` and `predict`, of exactly the steps asked for."""

from __future__ import annotations

import functools
from typing import Any

import keras

from keras_vae.checks.number import whole_number
from keras_vae.private_interfaces import ExactEpochs, with_epochs

_NUMBERS = ("batch_size", "steps_per_epoch", "validation_steps", "validation_batch_size", "steps")


def fit(
    model: keras.Model, x: Any, y: Any, batch_size: int | None, *args: Any, callbacks: Any, **kwargs: Any
) -> keras.callbacks.History:
    """Train as `keras.Model.fit` does; a step a call for a TensorBoard that writes within an epoch, which counts calls.

    Raises:
        ValueError: a number of steps or images that is not whole or below 1.
    """
    _check({"batch_size": batch_size, **kwargs})
    listed = callbacks.callbacks if isinstance(callbacks, keras.callbacks.CallbackList) else callbacks
    by_step = any(isinstance(each, keras.callbacks.TensorBoard) and each.update_freq != "epoch" for each in listed)
    epochs = functools.partial(ExactEpochs, at_a_time=1) if by_step else ExactEpochs
    return with_epochs(keras.Model.fit, epochs)(model, x, y, batch_size, *args, callbacks=callbacks, **kwargs)


def evaluate(model: keras.Model, *args: Any, **kwargs: Any) -> Any:
    """Judge as `keras.Model.evaluate` does; errors as of `fit`."""
    _check(kwargs)
    return with_epochs(keras.Model.evaluate, ExactEpochs)(model, *args, **kwargs)


def predict(model: keras.Model, *args: Any, **kwargs: Any) -> Any:
    """Predict as `keras.Model.predict` does; errors as of `fit`."""
    _check(kwargs)
    return with_epochs(keras.Model.predict, ExactEpochs)(model, *args, **kwargs)


def _check(arguments: dict[str, Any]) -> None:
    for name in _NUMBERS:
        if arguments.get(name) is not None:
            whole_number(name, arguments[name], 1)
