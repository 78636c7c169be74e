"""Stops a training whose numbers went wrong, naming the step and the mend."""

from __future__ import annotations

from collections.abc import Callable

import keras


class TrainingDiverged(ValueError):
    """The loss stopped being a finite number, or the images were not pixels in [0, 1]."""


class Guard(keras.callbacks.Callback):
    """Raises `TrainingDiverged` as soon as a step's loss was not finite or its pixels were out of [0, 1].

    `VAE.fit` adds it by itself. The model notes the first bad step inside the graph, so the step is exact
    even where many steps run in one call.

    Args:
        last_good: returns where the last good checkpoint is, for the message; none by default.
    """

    def __init__(self, last_good: Callable[[], str] | None = None) -> None:
        super().__init__()
        self.last_good = last_good

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Forget an earlier training's bad step."""
        self.model.bad_pixels_step.assign(-1)
        self.model.diverged_step.assign(-1)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Raise if the steps just run included a bad one."""
        bad_pixels = int(self.model.bad_pixels_step.numpy())
        if bad_pixels >= 0:
            raise TrainingDiverged(
                f"the images of step {bad_pixels} hold pixels outside [0, 1] or NaN: expected float32 in [0, 1]; "
                "divide 0 to 255 pixels by 255"
            )
        diverged = int(self.model.diverged_step.numpy())
        if diverged >= 0:
            kept = self.last_good() if self.last_good else "none was asked for"
            raise TrainingDiverged(
                f"the loss of step {diverged} is not finite; last good checkpoint: {kept}; "
                "lower the learning rate (--learning-rate) or set clipnorm on the optimizer"
            )
