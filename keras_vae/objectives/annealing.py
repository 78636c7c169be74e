"""Weights of the KL term that rise with the training step, as Keras' own schedules do for learning rates."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from keras_vae.checks.number import at_least, is_number, whole_number
from keras_vae.checks.shown import shown

LearningRateSchedule = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable(package="keras_vae")
class LinearWarmUp(LearningRateSchedule):
    """final * min(1, step / steps): Bowman et al. 2016, Soenderby et al. 2016 ("warm-up").

    With the full weight from the start, a model often learns to ignore the latent and does not recover (Bowman et al.
    2016).

    Args:
        steps: number of steps until the final weight, at least 1; 10,000 by default.
        final: final weight, at least 0; 1 by default.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> float(LinearWarmUp(steps=4)(tf.constant(1)))
        0.25
    """

    def __init__(self, steps: int = 10_000, final: float = 1.0) -> None:
        self.steps, self.final = whole_number("steps", steps, 1), at_least("final", final, 0)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the weight float32 `[]` at a step int32 `[]`."""
        return self.final * tf.minimum(tf.cast(step, tf.float32) / self.steps, 1.0)

    def adapt(self, steps: int) -> LinearWarmUp:
        """Return the schedule that rises over the first quarter of a training."""
        return LinearWarmUp(max(1, steps // 4), self.final)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this schedule again."""
        return {"steps": self.steps, "final": self.final}


@keras.saving.register_keras_serializable(package="keras_vae")
class CyclicalAnnealing(LearningRateSchedule):
    """A weight that rises in cycles: from 0 to `final` in the first part of each cycle, and constant for the rest.

    Fu et al. 2019, "Cyclical annealing schedule", equations 6 and 7. After the last cycle the weight stays at `final`.

    Args:
        period: number of steps in a cycle, at least 1; 5,000 by default.
        cycles: number of cycles, at least 1; 4 by default, as in the paper.
        rising: the part of a cycle in which the weight rises, above 0 and at most 1; 0.5 by default.
        final: largest weight, at least 0; 1 by default.

    Raises:
        ValueError: if a number is out of range.

    Example:
        >>> schedule = CyclicalAnnealing(period=8)
        >>> [float(schedule(tf.constant(step))) for step in (0, 2, 4, 7, 8, 10)]
        [0.0, 0.5, 1.0, 1.0, 0.0, 0.5]
    """

    def __init__(self, period: int = 5_000, cycles: int = 4, rising: float = 0.5, final: float = 1.0) -> None:
        if not is_number(rising) or not 0 < rising <= 1:
            raise ValueError(f"rising is {shown(rising)}: expected a fraction of a cycle, above 0 and at most 1")
        self.period, self.cycles = whole_number("period", period, 1), whole_number("cycles", cycles, 1)
        self.rising, self.final = float(rising), at_least("final", final, 0)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the weight float32 `[]` at a step int32 `[]`."""
        step = tf.cast(step, tf.int32)
        part = tf.cast(step % self.period, tf.float32) / (self.period * self.rising)
        return self.final * tf.where(step < self.period * self.cycles, tf.minimum(part, 1.0), 1.0)

    def adapt(self, steps: int) -> CyclicalAnnealing:
        """Return the schedule whose cycles take a whole training, as in the paper."""
        return CyclicalAnnealing(max(1, steps // self.cycles), self.cycles, self.rising, self.final)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this schedule again."""
        return {"period": self.period, "cycles": self.cycles, "rising": self.rising, "final": self.final}


# Models saved by version 0.1.0 call it by this name.
keras.saving.get_custom_objects()["keras_vae>CyclicWarmUp"] = CyclicalAnnealing
