"""Weights that change with the training step."""

from __future__ import annotations

import tensorflow as tf


class Schedule:
    """A weight as a function of the step alone, so that a resumed training goes on exactly.

    Attributes:
        final: the weight at the end, by which validation judges.
    """

    final: float = 1.0

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the weight float32 `[]` at a step int32 `[]`, the first being 0."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step)")

    def sized(self, steps: int) -> Schedule:
        """Return the schedule for a training of so many steps."""
        return self

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Schedule:
        """Build the schedule from `get_config()`."""
        return cls(**config)
