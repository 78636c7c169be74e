"""Begins an epoch where an earlier process left it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import keras

from keras_vae.multi_device.execution import Execution


class FastForward:
    """Stands in for a model's `train_function` during the steps that an earlier process has taken.

    Keras counts an epoch's steps from 0. The first call restores the running means, which Keras resets when an epoch
    begins; each passes over its batches that were seen already; the last gives the model its own function back, which
    takes what steps are left of it. So Keras and all callbacks count as in the uninterrupted training.

    Args:
        model: a compiled model, its `train_function` made.
        batches: how many of the epoch's batches were seen, at least 1.
        restore: gives the model the state it had after them.
    """

    def __init__(self, model: keras.Model, batches: int, restore: Callable[[], object]) -> None:
        self._model, self._batches, self._restore = model, batches, restore
        self._own: Any = model.train_function
        self._seen = 0
        model.train_function = self  # pyright: ignore[reportAttributeAccessIssue]  Keras declares it as None

    @staticmethod
    def take_away(model: keras.Model) -> None:
        """Give a model its own function back, if a `fit` was stopped before that."""
        if isinstance(model.train_function, FastForward):
            model.train_function = model.train_function._own

    def __call__(self, execution: Execution) -> dict[str, Any]:
        """Return the running means, after the steps that are left to take."""
        if self._seen == 0:
            self._restore()
        self._seen += sum(1 for _ in islice(execution, self._batches - self._seen))
        if self._seen < self._batches:
            return self._model.get_metrics_result()
        self._model.train_function = self._own
        return self._own(execution) if execution.left else self._model.get_metrics_result()
