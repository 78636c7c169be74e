"""The main job: load, fit, evaluate, draw, and leave a run folder."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.load import is_folder, load_arrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.distribution.dealing import check_batch_size
from keras_vae.distribution.telling import failing_together
from keras_vae.identifiers import resolve
from keras_vae.models.from_preset import check_choices
from keras_vae.models.vae import VAE
from keras_vae.objectives.choices import OBJECTIVES
from keras_vae.objectives.objective import Objective
from keras_vae.presets.read import default_preset, read_preset
from keras_vae.training import run_folder
from keras_vae.training.agreement import is_chief, worker_count
from keras_vae.training.checkpoint import Checkpoint
from keras_vae.training.checkpoint_folder import Saved
from keras_vae.training.fitting import compile_as_asked, fit
from keras_vae.training.judge import judge
from keras_vae.training.model_state import describe_strategy
from keras_vae.training.preemption import Preemption
from keras_vae.training.record import record
from keras_vae.training.run_pictures import draw_pictures
from keras_vae.training.same_training import check_same_images, check_same_settings, check_same_training, digests
from keras_vae.training.settings import PARTS, Settings
from keras_vae.training.standing_alone import copy_training, dtype_policy

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
) -> dict | None:
    """Train a VAE as asked and write its run folder.

    The learning rate falls to zero along half a cosine (Loshchilov and Hutter 2017, equation 5). The test split
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
        preemption: the notice of SIGTERM to look at; by default SIGTERM ends the process at once.
        strategy: where to train; one device by default. What stands in the run folder depends on it only by the order
            of sums.

    Returns:
        The content of `metrics.json`; None on workers that are not the chief.

    Raises:
        ValueError: bad settings or data, a training that diverged (`TrainingDiverged`), or nothing to resume that fits.
        OSError: a disk that is full, or no network for a dataset that must be downloaded.
        Preempted: SIGTERM came; what is there to resume is in the unfinished folder.
        WorkerLost: another worker is gone; likewise.
    """
    preemption, strategy = preemption or Preemption(), strategy or tf.distribute.get_strategy()
    chief = is_chief(strategy)
    console = console or Console()
    if not chief:
        console = Console(quiet=True)
    started = time.time()
    checkpoint = Checkpoint(
        run_folder.unfinished(output) / run_folder.CHECKPOINTS,
        checkpoint_every,
        preemption=preemption,
        note=console.print,
    )
    check_same_training(strategy, settings, {"resume": resume})
    with failing_together(strategy):
        if chief:  # the others may come when it has begun to write
            run_folder.check_free(output, overwrite, resume)
        saved = checkpoint.read() if resume else None
        if saved:
            check_same_settings(saved.facts["about"]["settings"], settings.located(), saved.path)
    check_choices(**{part: getattr(settings, part) for part in PARTS})
    arrays = _load(settings, strategy)
    with failing_together(strategy):
        images = digests(arrays)
        model, alone, settings = _build(settings, arrays["train"], strategy)
        check_batch_size(settings.batch_size, strategy)
        if saved:
            check_same_settings(saved.facts["about"]["settings"], settings, saved.path)
            check_same_images(saved.facts["about"]["images"], images, saved.path)
    check_same_training(strategy, settings, {f"the images of {split}": images[split] for split in images})
    console.print(
        f"{settings.dataset}: {len(arrays['train'])} training and {len(arrays['test'])} test images of "
        f"{' x '.join(map(str, model.image_shape))}; preset {settings.preset}, {model.latent_dim} latent dimensions"
        + (f"; on {describe_strategy(strategy)}" if strategy.num_replicas_in_sync > 1 else "")
    )
    with contextlib.ExitStack() as written:
        with failing_together(strategy):
            if chief:
                checkpoint.about = _about(alone, settings, arrays, images, saved, console)
                written.enter_context(run_folder.writing(output, resume))
        folder = run_folder.unfinished(output)
        with dtype_policy(settings.precision):
            compile_as_asked(model, settings, len(arrays["train"]))
            history = fit(model, arrays, settings, folder, console, checkpoint)
        if not chief:
            return None
        if alone is not model:
            compile_as_asked(alone, settings, len(arrays["train"]))
            copy_training(model, alone)
        (folder / run_folder.CHECKPOINT).unlink(missing_ok=True)
        run_folder.save_model(alone, folder / run_folder.MODEL)
        metrics = {
            "test": judge(alone, arrays["test"], settings, console),
            "untrained": checkpoint.about["untrained"],
        }
        if not metrics["test"]["is_likelihood"]:
            console.print(
                f"note: under a {type(alone.likelihood).__name__} these gray pixels give a cross-entropy, no "
                "likelihood: compare it with such only, or train with --binarize static"
            )
        run_folder.write_history(history, folder / run_folder.HISTORY)
        run_folder.write_json(metrics, folder / run_folder.METRICS)
        draw_pictures(alone, arrays["test"], _pixels(arrays["test"], settings), history, metrics, folder)
        if finish:
            finish(alone, settings, arrays, metrics, folder)
        run_folder.write_json(record(settings, model, started), folder / run_folder.CONFIG)
    return metrics


def _load(settings: Settings, strategy: tf.distribute.Strategy) -> dict[str, ImageArrays]:
    """Load both splits, the chief first: so one worker prepares the data where all share a disk."""
    arrays: dict[str, ImageArrays] = {}
    for turn in (True, False) if worker_count(strategy) > 1 else (True,):
        with failing_together(strategy):
            if is_chief(strategy) == turn:
                arrays["train"] = load_arrays(settings.dataset, "train", **settings.data_arguments())
                shape = arrays["train"].image_shape
                arrays["test"] = load_arrays(settings.dataset, "test", **settings.data_arguments(shape))
    return arrays


def _build(settings: Settings, images: ImageArrays, strategy: tf.distribute.Strategy) -> tuple[VAE, VAE, Settings]:
    """Build the model that the settings and the data ask for; fill in the preset's choices.

    Returns:
        The model to train; the one to judge, draw and save, which stands alone in float32; the settings.
    """
    name = settings.dataset if not is_folder(settings.dataset) else "a folder"
    preset = settings.preset or default_preset(name, images.image_shape)
    settings = settings.completed(preset, read_preset(preset))
    steps = settings.epochs * math.ceil(len(images) / settings.batch_size)

    def make() -> VAE:
        objective = resolve(settings.objective, Objective, OBJECTIVES)
        model = VAE.from_preset(
            preset,
            image_shape=images.image_shape,
            latent_dim=settings.latent_dim,
            classes=_classes(images) if settings.conditional else None,
            seed=settings.seed,
            objective=objective.sized(len(images), steps) if isinstance(settings.objective, str) else objective,
            **{part: getattr(settings, part) for part in PARTS if part != "objective"},
        )
        model.prior_family.start_from(images.images, settings.seed)
        return model

    with strategy.scope(), dtype_policy(settings.precision):
        model = make()
    stands_alone = model.strategy is None and settings.precision == "float32"
    return model, model if stands_alone else make(), settings


def _classes(images: ImageArrays) -> int:
    """How many classes a conditional model is of."""
    if images.labels is None:
        raise ValueError("conditional, but the images have no classes: expected labels; leave out --conditional")
    return len(images.class_names) if images.class_names else int(images.labels.max()) + 1


def _about(
    alone: VAE,
    settings: Settings,
    arrays: dict[str, ImageArrays],
    images: dict[str, str],
    saved: Saved | None,
    console: Console,
) -> dict:
    """What each checkpoint says of its training beside the state."""
    now = {"settings": dataclasses.asdict(settings), "images": images}
    if saved:
        return {**now, "untrained": saved.facts["about"]["untrained"]}
    untrained = judge(alone, arrays["test"], settings.changed(importance_samples=1), console)
    return {**now, "untrained": {name: untrained[name] for name in ("elbo", "reconstruction", "kl")}}


def _pixels(arrays: ImageArrays, settings: Settings) -> np.ndarray:
    """The first test images as the model sees them, float32 in [0, 1]."""
    pipeline = build_pipeline(
        arrays,
        batch_size=min(len(arrays), 2000),
        binarize=settings.binarize,
        seed=settings.seed,
        shuffle=False,
    )
    return next(iter(pipeline)).numpy()
