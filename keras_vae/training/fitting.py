"""Fits a run's model to its images, on from a checkpoint if there is one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import keras
from rich.console import Console

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.models.guard import Guard
from keras_vae.models.vae import VAE
from keras_vae.training.agreement import is_chief
from keras_vae.training.checkpoint import Checkpoint
from keras_vae.training.checkpoint_folder import checkpoints_in
from keras_vae.training.last_good import LastGood
from keras_vae.training.progress import EpochProgress
from keras_vae.training.settings import Settings


def compile_as_asked(model: VAE, settings: Settings, images: int) -> None:
    """Compile a model with Adam, the learning rate falling to zero along half a cosine.

    Args:
        model: made in the scope of its strategy and under its dtype policy, as the call must be.
        settings: completed ones.
        images: how many a training epoch has.
    """
    steps = settings.epochs * math.ceil(images / settings.batch_size)
    with model.scope():
        rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
        model.compile(keras.optimizers.Adam(rate))


def fit(
    model: VAE,
    arrays: Mapping[str, ImageArrays],
    settings: Settings,
    folder: Path,
    console: Console,
    checkpoint: Checkpoint,
) -> dict[str, list[float]]:
    """Fit a compiled model; return Keras' history.

    Args:
        model: of any strategy, all of whose workers call this together.
        arrays: the images of the splits "train" and "test".
        settings: completed ones.
        folder: where the last good weights go, if the training goes wrong.
        console: where progress is shown.
        checkpoint: what to go on from, if it holds something, and what looks at the notice to end.
    """
    saved = checkpoint.read()
    epoch = checkpoint.resume(model)
    if saved:
        console.print(f"going on after {epoch} epochs and {saved.facts['batch']} batches, from {saved.path.name}")
    options = {
        "batch_size": settings.batch_size,
        "binarize": settings.binarize,
        "seed": settings.seed,
        "labels": model.classes is not None,
    }
    pipelines = {split: build_pipeline(images, first_epoch=epoch, **options) for split, images in arrays.items()}
    last_good, progress = LastGood(folder, epoch), EpochProgress(console, settings.epochs)
    write = last_good.write if is_chief(model.distribute_strategy) else lambda: "the chief keeps it"
    try:
        with checkpoint.preemption.deferred():
            return model.fit(
                pipelines["train"],
                validation_data=pipelines["test"],
                initial_epoch=epoch,
                epochs=settings.epochs,
                verbose=0,
                callbacks=[Guard(write, warn=False), last_good, progress, checkpoint],
            ).history
    except KeyboardInterrupt:
        hint = "; --resume goes on from an earlier step" if checkpoints_in(checkpoint.folder) else ""
        console.print(f"interrupted; last good checkpoint: {write()}{hint}")
        raise
    finally:
        progress.close()
