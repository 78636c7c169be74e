"""Begins an epoch where an earlier process left it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import keras


class FastForward:
    """Stands in for a model's `train_function` during the calls that an earlier process has made.

    Keras counts an epoch's calls from 0. The first of them passes over the batches already seen and restores the
    running means, which Keras resets when an epoch begins; the others do nothing; then the model has its own function
    back. So Keras and all callbacks count batches as in the uninterrupted training.

    Args:
        model: a compiled model, its `train_function` made.
        batches: how many of the epoch's batches were seen: all, or a multiple of `steps_per_execution`.
        restore: gives the model the state it had after them.
    """

    def __init__(self, model: keras.Model, batches: int, restore: Callable[[], object]) -> None:
        self._model, self._batches, self._restore = model, batches, restore
        self._own = model.train_function
        self._calls = math.ceil(batches / model.steps_per_execution)
        model.train_function = self  # pyright: ignore[reportAttributeAccessIssue]  Keras declares it as None

    @staticmethod
    def take_away(model: keras.Model) -> None:
        """Give a model its own function back, if a `fit` was stopped before that."""
        if isinstance(model.train_function, FastForward):
            model.train_function = model.train_function._own

    def __call__(self, iterator: Iterator[Any]) -> dict[str, Any]:
        """Return the running means; take no step."""
        if self._batches:
            for _ in range(self._batches):
                next(iterator)
            self._restore()
            self._batches = 0
        self._calls -= 1
        if self._calls == 0:
            self._model.train_function = self._own
        return self._model.get_metrics_result()
