"""Stops a training whose numbers went wrong, naming the step and the mend; says where they are no likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf


class TrainingDiverged(ValueError):
    """The loss stopped being a finite number, or the images were not pixels in [0, 1]."""


class Guard(keras.callbacks.Callback):
    """Raises `TrainingDiverged` as soon as a step's loss was not finite or its pixels were out of [0, 1].

    `VAE.fit` adds it by itself. The model notes the first bad step inside the graph, so the step is exact
    even where many steps run in one call.

    Where updates with unusable gradients are skipped (`VAE.compile(skip_gradients_above=...)`) it logs how many, as
    `skipped_updates`, and stops once an epoch had no other.

    Args:
        last_good: returns where the last good checkpoint is, for the message; none by default.
        warn: whether to warn, once for a model, that its likelihood is none of the pixels it is fitted to, as a
            Bernoulli is none of gray ones; True by default.
    """

    def __init__(self, last_good: Callable[[], str] | None = None, warn: bool = True) -> None:
        super().__init__()
        self.last_good, self.warn = last_good, warn
        self._first_images: np.ndarray | None = None

    def watch(self, data: Any) -> Any:
        """Return training data whose first batch this callback sees: a `tf.data.Dataset`, else `data` as it is."""
        if isinstance(data, np.ndarray):
            self._first_images = data[:100]
        if not (self.warn and isinstance(data, tf.data.Dataset)):
            return data

        def note(images: np.ndarray) -> np.ndarray:
            self._first_images = images
            return np.int64(0)

        def look(number: tf.Tensor, batch: Any) -> Any:
            images = tf.nest.flatten(batch)[0]
            tf.cond(number == 0, lambda: tf.numpy_function(note, [images], tf.int64), lambda: number)
            return batch

        # Not by taking a batch here: to begin with a dataset of load_dataset's is to use up an epoch.
        return data.enumerate().map(look)

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Forget an earlier training's bad step."""
        self.model.bad_pixels_step.assign(-1)
        self.model.diverged_step.assign(-1)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Raise if the steps just run included a bad one; warn if a likelihood is none."""
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
        if self.warn and self._first_images is not None:
            if not self.model.likelihood.is_likelihood_of(self._first_images):
                self.model.likelihood.warn_of_cross_entropy()
            self._first_images = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Note where the counts of updates stand."""
        self._then = self._counts()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Log how many updates were skipped so far; raise if this epoch made no other."""
        if self.model.skip_gradients_above is None:
            return
        skipped, made = self._counts()
        if logs is not None:
            logs["skipped_updates"] = skipped
        # the skips by which a loss scale finds its size may fill a short epoch
        finds_its_scale = isinstance(self.model.optimizer, keras.optimizers.LossScaleOptimizer)
        if skipped > self._then[0] and made == self._then[1] and not finds_its_scale:
            raise TrainingDiverged(
                f"every update of epoch {epoch + 1} was skipped: no gradient was finite and at most "
                f"{self.model.skip_gradients_above:g}; raise skip_gradients_above, or lower the learning rate"
            )

    def _counts(self) -> tuple[int, int]:
        """How many updates were skipped and how many were made, since the optimizer began."""
        if self.model.skip_gradients_above is None:
            return 0, 0
        optimizer = self.model.optimizer
        return int(optimizer.skipped_updates.numpy()), int(optimizer.iterations.numpy())
