"""Stops a training whose numbers went wrong, naming the step and the mend; says where they are no likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from keras_vae.models.faults import TrainingDiverged


class TerminateOnDivergence(keras.callbacks.Callback):
    """Raises `TrainingDiverged` as soon as a step's loss was not finite, or its pixels or weights were unusable.

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
        self.last_good = last_good
        self.warn = warn

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget an earlier training's bad step."""
        self.model.faults.forget()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Raise if the steps just run included a bad one; warn if the likelihood is none of their pixels."""
        faults = self.model.faults.check_inputs()
        if "loss" in faults:
            kept = self.last_good() if self.last_good else "none was asked for"
            raise TrainingDiverged(
                f"the {faults['loss']}: expected a finite loss; lower the learning rate (--learning-rate) or set "
                f"clipnorm on the optimizer; last good checkpoint: {kept}"
            )
        if self.warn and "likelihood" in faults:
            self.model.likelihood.warn_of_cross_entropy()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note where the counts of updates stand."""
        self._then = self._counts()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log how many updates were skipped so far; raise if this epoch made no other, or had no weight."""
        skipped, made = self._counts()
        if self.model.skip_gradients_above is None:
            self.model.check_counted((logs or {}).get("loss"))
            return
        if logs is not None:
            logs["skipped_updates"] = skipped
        # the skips by which a loss scale finds its size may fill a short epoch
        finds_its_scale = isinstance(self.model.optimizer.inner_optimizer, keras.optimizers.LossScaleOptimizer)
        if skipped > self._then[0] and made == self._then[1] and not finds_its_scale:
            raise TrainingDiverged(
                f"every update of epoch {epoch + 1} was skipped: expected gradients that are finite and at most "
                f"{self.model.skip_gradients_above:g}; raise skip_gradients_above, or lower the learning rate"
            )

    def _counts(self) -> tuple[int, int]:
        """How many updates were skipped and how many were made, since the optimizer began."""
        if self.model.skip_gradients_above is None:
            return 0, 0
        optimizer = self.model.optimizer
        return int(optimizer.skipped_updates.numpy()), int(optimizer.iterations.numpy())


def with_termination(callbacks: Any) -> Any:
    """Return the callbacks that `fit` is given with a `TerminateOnDivergence`; Keras' own list as it is."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    callbacks = [] if callbacks is None else list(keras.tree.flatten(callbacks))
    if any(isinstance(callback, TerminateOnDivergence) for callback in callbacks):
        return callbacks
    return [TerminateOnDivergence(), *callbacks]  # first, so that the others see what it logs
