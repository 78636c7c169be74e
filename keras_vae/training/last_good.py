"""Keeps the weights of the last epoch that ended well, so that a training gone wrong leaves them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from keras_vae.training.run_folder import CHECKPOINT, save_model


class LastGood(keras.callbacks.Callback):
    """Holds the state of the last good epoch in memory, and writes it on demand.

    Args:
        folder: where `checkpoint.keras` goes; made when it is needed.
        epoch: how many epochs were trained before; 0 by default.
    """

    def __init__(self, folder: Path, epoch: int = 0) -> None:
        super().__init__()
        self.folder = folder
        self.epoch = epoch
        self._state: list[np.ndarray] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Hold the state before the first step."""
        self._hold()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Hold the state after an epoch."""
        self.epoch = epoch + 1
        self._hold()

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _hold(self) -> None:
        self._state = [variable.numpy() for variable in self._variables()]

    def write(self) -> str:
        """Write the state held to `checkpoint.keras`; return where, and after which epoch, in words."""
        for variable, value in zip(self._variables(), self._state, strict=True):
            variable.assign(value)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = save_model(self.model, self.folder / CHECKPOINT)
        return f"{path} (after epoch {self.epoch})"
