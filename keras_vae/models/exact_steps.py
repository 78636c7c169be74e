"""Keras' `fit`, `evaluate` and `predict`, of exactly the steps asked for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import is_number, whole_number
from keras_vae.checks.shown import shown
from keras_vae.private_interfaces import ExactEpochs, with_epochs

# The whole numbers of the three, by the lowest.
_LOWEST = {"epochs": 0, "initial_epoch": 0} | dict.fromkeys(
    ("batch_size", "steps_per_epoch", "validation_steps", "validation_batch_size", "validation_freq", "steps"), 1
)


def fit(
    model: keras.Model, x: Any, y: Any, batch_size: int | None, *, callbacks: Any, **kwargs: Any
) -> keras.callbacks.History:
    """Train as `keras.Model.fit` does; a step a call for a TensorBoard that writes within an epoch, which counts calls.

    Raises:
        ValueError: a number of epochs, steps or images that is not whole or too low; a part for validation that is not
            from 0 to below 1.
    """
    _check(keras.Model.fit, model, x, y, batch_size, **kwargs)
    listed = callbacks.callbacks if isinstance(callbacks, keras.callbacks.CallbackList) else callbacks
    by_step = any(isinstance(each, keras.callbacks.TensorBoard) and each.update_freq != "epoch" for each in listed)
    epochs = functools.partial(ExactEpochs, at_a_time=1) if by_step else ExactEpochs
    return with_epochs(keras.Model.fit, epochs)(model, x, y, batch_size, callbacks=callbacks, **kwargs)


def evaluate(model: keras.Model, *args: Any, **kwargs: Any) -> Any:
    """Judge as `keras.Model.evaluate` does; errors as of `fit`."""
    _check(keras.Model.evaluate, model, *args, **kwargs)
    return with_epochs(keras.Model.evaluate, ExactEpochs)(model, *args, **kwargs)


def predict(model: keras.Model, *args: Any, **kwargs: Any) -> Any:
    """Predict as `keras.Model.predict` does; errors as of `fit`."""
    _check(keras.Model.predict, model, *args, **kwargs)
    return with_epochs(keras.Model.predict, ExactEpochs)(model, *args, **kwargs)


def _check(method: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    given = inspect.signature(method).bind(*args, **kwargs).arguments
    for name, lowest in _LOWEST.items():
        value = given.get(name)
        if value is not None and not (name == "validation_freq" and isinstance(value, (list, tuple, set))):
            whole_number(name, value, lowest)
    check_kind("return_dict", given.get("return_dict", False), (bool, np.bool_), "True or False")
    part = given.get("validation_split", 0)
    if not is_number(part) or not 0 <= part < 1:
        raise ValueError(f"validation_split is {shown(part)}: expected a number from 0 to below 1, such as 0.1")
