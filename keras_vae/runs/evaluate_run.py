"""Evaluating a run's model on a split, with progress."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.models.vae import VAE
from keras_vae.runs.progress import bar
from keras_vae.runs.settings import Settings

BATCH_SIZE = 100


def evaluate_run(
    model: VAE, arrays: ImageArrays, settings: Settings, console: Console, sampling_seed: int | None = None
) -> dict[str, Any]:
    """Evaluate on all images of a split, binarised as in training.

    Args:
        model: a `VAE`.
        arrays: the images.
        settings: binarisation, seed and number of importance samples.
        console: where progress is shown, if it is a terminal.
        sampling_seed: of the posterior samples; the settings' seed by default.

    Returns:
        What `keras_vae.evaluate` returns.
    """
    pipeline = build_pipeline(
        arrays,
        batch_size=BATCH_SIZE,
        binarize=settings.binarize,
        seed=settings.seed,
        shuffle=False,
        labels=model.classes is not None,
    )
    progress = bar(console)
    progress.disable = not console.is_terminal
    with progress:
        batches = len(pipeline)
        # a lone batch has no parts to count: its bar moves to and fro
        task = progress.add_task("evaluating", total=batches if batches > 1 else None, figures="")
        return evaluate(
            model,
            pipeline,
            importance_samples=settings.importance_samples,
            seed=settings.seed if sampling_seed is None else sampling_seed,
            progress=lambda done: progress.update(task, completed=done),
        )
