"""A weight that rises to its final value, and stays."""

from __future__ import annotations

import keras
import tensorflow as tf

from keras_vae.check_number import at_least, whole_number
from keras_vae.objectives.schedule import Schedule


@keras.saving.register_keras_serializable(package="keras_vae")
class LinearWarmUp(Schedule):
    """final * min(1, step / steps): Bowman et al. 2016, Soenderby et al. 2016 ("warm-up").

    A model that may ignore the latent at first, when it is worth nothing, often does so for good.

    Args:
        steps: until the final weight, at least 1; 10,000 by default.
        final: the weight from then on, at least 0; 1 by default.

    Raises:
        ValueError: a number out of range.

    Example:
        >>> float(LinearWarmUp(steps=4)(tf.constant(1)))
        0.25
    """

    def __init__(self, steps: int = 10_000, final: float = 1.0) -> None:
        self.steps, self.final = whole_number("steps", steps, 1), at_least("final", final, 0)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the weight float32 `[]` at a step int32 `[]`."""
        return self.final * tf.minimum(tf.cast(step, tf.float32) / self.steps, 1.0)

    def sized(self, steps: int) -> LinearWarmUp:
        """Return the schedule that rises over the first quarter of a training."""
        return LinearWarmUp(max(1, steps // 4), self.final)

    def get_config(self) -> dict:
        """Return the arguments that build this schedule again."""
        return {"steps": self.steps, "final": self.final}
