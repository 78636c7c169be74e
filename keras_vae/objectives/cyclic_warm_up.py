"""A weight that rises to its final value again and again."""

from __future__ import annotations

from numbers import Real

import keras
import tensorflow as tf

from keras_vae.check_number import at_least, whole_number
from keras_vae.objectives.schedule import Schedule


@keras.saving.register_keras_serializable(package="keras_vae")
class CyclicWarmUp(Schedule):
    """Cycles that rise from 0 to `final` over their first part, and stay there for the rest.

    Fu et al. 2019, "Cyclical annealing schedule", equations 6 and 7. After the last cycle the weight stays.

    Args:
        period: steps of a cycle, at least 1; 5,000 by default.
        cycles: how many, at least 1; 4 by default, as in the paper.
        rising: the part of a cycle in which the weight rises, above 0 and at most 1; 0.5 by default.
        final: the weight at the top, at least 0; 1 by default.

    Raises:
        ValueError: a number out of range.

    Example:
        >>> schedule = CyclicWarmUp(period=8)
        >>> [float(schedule(tf.constant(step))) for step in (0, 2, 4, 7, 8, 10)]
        [0.0, 0.5, 1.0, 1.0, 0.0, 0.5]
    """

    def __init__(self, period: int = 5_000, cycles: int = 4, rising: float = 0.5, final: float = 1.0) -> None:
        if not (isinstance(rising, Real) and 0 < rising <= 1):
            raise ValueError(f"rising is {rising!r}: expected a part of a cycle above 0 and at most 1, such as 0.5")
        self.period, self.cycles = whole_number("period", period, 1), whole_number("cycles", cycles, 1)
        self.rising, self.final = float(rising), at_least("final", final, 0)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the weight float32 `[]` at a step int32 `[]`."""
        step = tf.cast(step, tf.int32)
        part = tf.cast(step % self.period, tf.float32) / (self.period * self.rising)
        return self.final * tf.where(step < self.period * self.cycles, tf.minimum(part, 1.0), 1.0)

    def sized(self, steps: int) -> CyclicWarmUp:
        """Return the schedule whose cycles take a whole training, as in the paper."""
        return CyclicWarmUp(max(1, steps // self.cycles), self.cycles, self.rising, self.final)

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return {"period": self.period, "cycles": self.cycles, "rising": self.rising, "final": self.final}
