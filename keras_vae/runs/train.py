"""The main job: prepare, fit, judge, draw, and write a run folder."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf
from rich.console import Console

from keras_vae import registry
from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.checkpoints.preemption import Preemption
from keras_vae.checkpoints.state import describe_strategy
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.augment import augmentations
from keras_vae.data.pipeline import build_pipeline
from keras_vae.files.one_writer import one_writer
from keras_vae.files.written_whole import write_json
from keras_vae.models.vae import VAE
from keras_vae.multi_device.collectives import failing_together, is_chief
from keras_vae.runs import run_folder
from keras_vae.runs.evaluate_run import evaluate_run
from keras_vae.runs.fit import fit
from keras_vae.runs.prepare import Prepared, load_splits, prepare
from keras_vae.runs.report import draw_pictures, record
from keras_vae.runs.same_training import (
    check_same_images,
    check_same_settings,
    check_same_training,
    digests,
    label_digests,
)
from keras_vae.runs.settings import PARTS, Settings

IMAGES_A_COMPONENT, MOST_IMAGES = 20, 10_000  # of those that a sampler is fitted to
# Writes what else belongs into a run folder, from the model, its settings, the images of each split, and metrics.json.
Finish = Callable[[VAE, Settings, dict[str, ImageArrays], dict, Path], object]


def train(
    settings: Settings,
    output: Path,
    overwrite: bool = False,
    console: Console | None = None,
    finish: Finish | None = None,
    *,
    checkpoint_every: int | None = None,
    resume: bool = False,
    preemption: Preemption | None = None,
    strategy: tf.distribute.Strategy | None = None,
) -> dict[str, Any] | None:
    """Train a VAE as asked and write its run folder.

    The learning rate falls to zero along half a cosine (Loshchilov and Hutter 2017, equation 5), under Muon after a
    rise. The test split
    is watched during training, and nothing is chosen by it.

    With several workers all call this with the same arguments. The chief alone writes and prints; the others return
    when the training itself is done.

    Args:
        settings: what to train on and how.
        output: the run folder, which must hold nothing, or an earlier run with `overwrite`.
        overwrite: replace an earlier run once the new one is whole.
        console: where progress is shown; standard output by default.
        finish: called last with the folder before the run takes its name, such as to export the model; nothing by
            default.
        checkpoint_every: training steps between checkpoints; about a minute by default. See `Checkpoint`.
        resume: go on with the interrupted run of these settings, which ends as if nothing had interrupted it.
        preemption: the notice of SIGTERM and SIGHUP to look at; by default these end the process at once.
        strategy: where to train; one device by default. What stands in the run folder depends on it only by the order
            of sums.

    Returns:
        The content of `metrics.json`; None on workers that are not the chief.

    Raises:
        ValueError: bad settings or data, a training that diverged (`TrainingDiverged`), nothing to resume that fits, or
            an output that another process is writing.
        OSError: a disk that is full, or no network for a dataset that must be downloaded.
        Preempted: SIGTERM or SIGHUP came; what is there to resume is in the unfinished folder.
        WorkerLost: another worker is gone; likewise.
    """
    started = time.time()
    preemption, strategy = preemption or Preemption(), strategy or tf.distribute.get_strategy()
    chief = is_chief(strategy)
    console = (console or Console()) if chief else Console(quiet=True)
    checkpoint = Checkpoint(
        run_folder.unfinished(output) / run_folder.CHECKPOINTS,
        checkpoint_every,
        preemption=preemption,
        note=console.print,
    )
    check_same_training(strategy, settings, {"resume": resume})
    with contextlib.ExitStack() as held:
        with failing_together(strategy):
            if chief:  # the others may come when it has begun to write
                held.enter_context(one_writer("output", output))
                run_folder.check_free(output, overwrite, resume)
            saved = checkpoint.read() if resume else None
            if saved:
                check_same_settings(saved.facts["about"].get("settings"), settings.located(), saved.path)
            for part in PARTS:
                registry.check_name(part, getattr(settings, part))
            registry.check_name("optimizer", settings.optimizer)
            augmentations(settings.augment or "")
        arrays = load_splits(settings, strategy)
        with failing_together(strategy):
            prepared, images = prepare(settings, arrays, strategy), digests(arrays)
            settings, arrays = prepared.settings, prepared.arrays
            labels = label_digests(arrays) if prepared.model.classes else {}
            if saved:
                check_same_settings(saved.facts["about"].get("settings"), settings, saved.path)
                check_same_images(saved.facts["about"].get("images"), images, saved.path)
                # those of a checkpoint from before they were recorded are taken to be the same
                check_same_images(saved.facts["about"].get("labels", labels), labels, saved.path, "labels")
        read = {"images": images, "labels": labels}
        digests_of = {f"the {what} of {split}": found[split] for what, found in read.items() for split in found}
        check_same_training(strategy, settings, digests_of)
        checkpoint.about = {"settings": dataclasses.asdict(settings), **read}
        console.print(_title(prepared, strategy))
        with failing_together(strategy):
            if chief:
                untrained = evaluate_run(
                    prepared.eval_model, arrays["test"], settings.changed(importance_samples=1), console
                )
                held.enter_context(run_folder.writing(output, resume))
        folder = run_folder.unfinished(output)
        history = fit(prepared, folder, console, checkpoint)
        if not chief:
            return None
        model = prepared.take_training()
        (folder / run_folder.CHECKPOINT).unlink(missing_ok=True)
        _fit_sampler(model, arrays["train"], settings)
        run_folder.save_model(model, folder / run_folder.MODEL)
        test = evaluate_run(model, arrays["test"], settings, console)
        if not test["is_likelihood"]:
            console.print(
                f"note: under a {type(model.likelihood).__name__} these gray pixels give a cross-entropy, no "
                "likelihood: compare it with such only, or train with --binarize static"
            )
        if arrays["train"].whites:
            test["whites"] = list(arrays["train"].whites)
        metrics = {"test": test, "untrained": {name: untrained[name] for name in ("elbo", "reconstruction", "kl")}}
        if arrays["train"].class_names:
            metrics["classes"] = list(arrays["train"].class_names)
        run_folder.write_history(history, folder / run_folder.HISTORY)
        write_json(metrics, folder / run_folder.METRICS)
        draw_pictures(model, arrays["test"], settings, history, test, folder)
        if finish:
            finish(model, settings, arrays, metrics, folder)
        write_json(record(settings, prepared.model, folder / run_folder.MODEL, started), folder / run_folder.CONFIG)
    return metrics


def _fit_sampler(model: VAE, images: ImageArrays, settings: Settings) -> None:
    """Let pictures be drawn where the training images lie, if asked for and there are enough of them."""
    components = min(settings.sampler or 0, len(images) // IMAGES_A_COMPONENT)
    if components:
        conditional = model.classes is not None
        pipeline = build_pipeline(
            images, batch_size=100, binarize=settings.binarize, seed=settings.seed, shuffle=True, labels=conditional
        )
        model.fit_sampler(pipeline.take(MOST_IMAGES // 100), components, settings.seed)


def _title(prepared: Prepared, strategy: tf.distribute.Strategy) -> str:
    """What is trained on what, in a line."""
    arrays, model, settings = prepared.arrays, prepared.model, prepared.settings
    where = f"; on {describe_strategy(strategy)}" if strategy.num_replicas_in_sync > 1 else ""
    epochs = "1 epoch" if settings.epochs == 1 else f"{settings.epochs} epochs"
    return (
        f"{settings.dataset}: {len(arrays['train'])} training and {len(arrays['test'])} test images of "
        f"{' x '.join(map(str, model.image_shape))}; preset {settings.preset}, {model.latent_dim} latent dimensions, "
        f"{epochs}{where}"
    )
