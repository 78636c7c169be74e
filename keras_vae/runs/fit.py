"""`fit` of a run: on from a checkpoint if there is one, with the weights of the last good epoch kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.checkpoints.folder import checkpoints_in
from keras_vae.checkpoints.state import kept_variables
from keras_vae.data.pipeline import build_pipeline
from keras_vae.models.terminate_on_divergence import TerminateOnDivergence
from keras_vae.multi_device.collectives import is_chief
from keras_vae.runs.prepare import Prepared, dtype_policy
from keras_vae.runs.progress import EpochProgress
from keras_vae.runs.run_folder import CHECKPOINT, save_model


def fit(prepared: Prepared, folder: Path, console: Console, checkpoint: Checkpoint) -> dict[str, list[float]]:
    """Fit the model of a run; return Keras' history.

    Args:
        prepared: settings, images and model; all workers of the model's strategy call this together.
        folder: where the last good weights go, if the training goes wrong.
        console: where progress is shown.
        checkpoint: what to go on from, if it holds something, and what looks at the notice to end.
    """
    settings, model = prepared.settings, prepared.model
    saved = checkpoint.read()
    epoch = checkpoint.resume(model)
    if saved:
        console.print(f"resuming epoch {epoch + 1} after {saved.facts['batch']} of its batches, from {saved.path.name}")
    options = {
        "batch_size": settings.batch_size,
        "binarize": settings.binarize,
        "seed": settings.seed,
        "labels": model.classes is not None,
    }
    pipelines = {
        split: build_pipeline(
            images, first_epoch=epoch, augment=settings.augment if split == "train" else (), **options
        )
        for split, images in prepared.arrays.items()
    }
    last_good, progress = LastGood(folder, epoch), EpochProgress(console, settings.epochs)
    write = last_good.write if is_chief(model.distribute_strategy) else lambda: "the chief keeps it"
    try:
        with checkpoint.preemption.deferred(), dtype_policy(settings.precision):
            return model.fit(
                pipelines["train"],
                validation_data=pipelines["test"],
                initial_epoch=epoch,
                epochs=settings.epochs,
                verbose=0,
                callbacks=[TerminateOnDivergence(write, warn=False), last_good, progress, checkpoint],
            ).history
    except KeyboardInterrupt:
        hint = "; --resume goes on from an earlier step" if checkpoints_in(checkpoint.folder) else ""
        console.print(f"interrupted; last good checkpoint: {write()}{hint}")
        raise
    finally:
        progress.close()


class LastGood(keras.callbacks.Callback):
    """Holds the state of the last good epoch in memory, and writes it as a model on demand.

    Args:
        folder: where `checkpoint.keras` goes; made when it is needed.
        epoch: how many epochs were trained before; 0 by default.
    """

    def __init__(self, folder: Path, epoch: int = 0) -> None:
        super().__init__()
        self.folder = folder
        self.epoch: int = epoch
        self._state: list[np.ndarray] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Hold the state before the first step."""
        self._hold()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Hold the state after an epoch."""
        self.epoch = epoch + 1
        self._hold()

    def _hold(self) -> None:
        self._state = [variable.numpy() for variable in kept_variables(self.model)]

    def write(self) -> str:
        """Write the state held to `checkpoint.keras`; return where, and after which epoch, in words."""
        for variable, value in zip(kept_variables(self.model), self._state, strict=True):
            variable.assign(value)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = save_model(self.model, self.folder / CHECKPOINT)
        return f"{path} (after epoch {self.epoch})"
