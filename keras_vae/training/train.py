"""The main job: load, fit, evaluate, draw, and leave a run folder."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import math
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.load import is_folder, load_arrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.models.guard import Guard
from keras_vae.models.vae import VAE
from keras_vae.presets.read import default_preset, read_preset
from keras_vae.training import run_folder
from keras_vae.training.checkpoint import Checkpoint
from keras_vae.training.checkpoint_folder import Saved, checkpoints_in
from keras_vae.training.judge import judge
from keras_vae.training.last_good import LastGood
from keras_vae.training.preemption import Preemption
from keras_vae.training.progress import EpochProgress
from keras_vae.training.run_pictures import draw_pictures
from keras_vae.training.same_training import check_same_images, check_same_settings, digests
from keras_vae.training.settings import Settings

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
) -> dict:
    """Train a VAE as asked and write its run folder.

    The learning rate falls to zero along half a cosine (Loshchilov and Hutter 2017, equation 5). The test split
    is watched during training, and nothing is chosen by it.

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

    Returns:
        The content of `metrics.json`.

    Raises:
        ValueError: bad settings or data, a training that diverged (`TrainingDiverged`), or nothing to resume that fits.
        OSError: a disk that is full, or no network for a dataset that must be downloaded.
        Preempted: SIGTERM came; what is there to resume is in the unfinished folder.
    """
    console, preemption = console or Console(), preemption or Preemption()
    run_folder.check_free(output, overwrite, resume)
    checkpoint = Checkpoint(
        run_folder.unfinished(output) / run_folder.CHECKPOINTS,
        checkpoint_every,
        preemption=preemption,
        note=console.print,
    )
    saved = checkpoint.read() if resume else None
    if saved:
        check_same_settings(saved.facts["about"]["settings"], settings.located(), saved.path)
    started = time.time()
    arrays = {"train": load_arrays(settings.dataset, "train", **settings.data_arguments())}
    arrays["test"] = load_arrays(settings.dataset, "test", **settings.data_arguments(arrays["train"].image_shape))
    model, settings = _build(settings, arrays["train"])
    console.print(
        f"{settings.dataset}: {len(arrays['train'])} training and {len(arrays['test'])} test images of "
        f"{' x '.join(map(str, model.image_shape))}; preset {settings.preset}, {model.latent_dim} latent dimensions"
    )

    checkpoint.about = _about(model, settings, arrays, saved, console)
    untrained = checkpoint.about["untrained"]
    with run_folder.writing(output, resume) as folder:
        history = _fit(model, arrays, settings, folder, console, checkpoint)
        (folder / run_folder.CHECKPOINT).unlink(missing_ok=True)
        run_folder.save_model(model, folder / run_folder.MODEL)
        metrics = {
            "test": judge(model, arrays["test"], settings, console),
            "untrained": untrained,
        }
        if not metrics["test"]["is_likelihood"]:
            console.print(
                f"note: under a {type(model.likelihood).__name__} these gray pixels give a cross-entropy, no "
                "likelihood: compare it with such only, or train with --binarize static"
            )
        run_folder.write_history(history, folder / run_folder.HISTORY)
        run_folder.write_json(metrics, folder / run_folder.METRICS)
        draw_pictures(model, arrays["test"], _pixels(arrays["test"], settings), history, metrics, folder)
        if finish:
            finish(model, settings, arrays, metrics, folder)
        run_folder.write_json(_record(settings, model, started), folder / run_folder.CONFIG)
    return metrics


def _build(settings: Settings, arrays: ImageArrays) -> tuple[VAE, Settings]:
    """Build the model that the settings and the data ask for; fill in the preset's choices."""
    name = settings.dataset if not is_folder(settings.dataset) else "a folder"
    preset = settings.preset or default_preset(name, arrays.image_shape)
    model = VAE.from_preset(preset, image_shape=arrays.image_shape, latent_dim=settings.latent_dim, seed=settings.seed)
    return model, settings.completed(preset, read_preset(preset)["training"], model.latent_dim)


def _about(
    model: VAE, settings: Settings, arrays: dict[str, ImageArrays], saved: Saved | None, console: Console
) -> dict:
    """What each checkpoint says of its training beside the state; on resuming, checks that it is the same training."""
    now = {"settings": dataclasses.asdict(settings), "images": digests(arrays)}
    if saved:
        check_same_settings(saved.facts["about"]["settings"], settings, saved.path)
        check_same_images(saved.facts["about"]["images"], now["images"], saved.path)
        return {**now, "untrained": saved.facts["about"]["untrained"]}
    untrained = judge(model, arrays["test"], settings.changed(importance_samples=1), console)
    return {**now, "untrained": {name: untrained[name] for name in ("elbo", "reconstruction", "kl")}}


def _fit(
    model: VAE,
    arrays: dict[str, ImageArrays],
    settings: Settings,
    folder: Path,
    console: Console,
    checkpoint: Checkpoint,
) -> dict[str, list[float]]:
    """Fit the model, on from a checkpoint if there is one; return Keras' history."""
    steps = settings.epochs * math.ceil(len(arrays["train"]) / settings.batch_size)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)))
    saved = checkpoint.read()
    epoch = checkpoint.resume(model)
    if saved:
        console.print(f"going on after {epoch} epochs and {saved.facts['batch']} batches, from {saved.path.name}")
    options = {"batch_size": settings.batch_size, "binarize": settings.binarize, "seed": settings.seed}
    pipelines = {split: build_pipeline(images, first_epoch=epoch, **options) for split, images in arrays.items()}
    last_good, progress = LastGood(folder, epoch), EpochProgress(console, settings.epochs)
    try:
        with checkpoint.preemption.deferred():
            return model.fit(
                pipelines["train"],
                validation_data=pipelines["test"],
                initial_epoch=epoch,
                epochs=settings.epochs,
                verbose=0,
                callbacks=[Guard(last_good.write), last_good, progress, checkpoint],
            ).history
    except KeyboardInterrupt:
        hint = "; --resume goes on from an earlier step" if checkpoints_in(checkpoint.folder) else ""
        console.print(f"interrupted; last good checkpoint: {last_good.write()}{hint}")
        raise
    finally:
        progress.close()


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


def _record(settings: Settings, model: VAE, started: float) -> dict:
    """What `config.json` holds: the settings, the model in a few words, versions, and when it was made."""
    packages = ("keras", "tensorflow", "tensorflow-probability", "numpy")
    return {
        "settings": dataclasses.asdict(settings),
        "model": {
            "image_shape": list(model.image_shape),
            "latent_dim": model.latent_dim,
            "likelihood": type(model.likelihood).__name__,
            "prior": type(model.prior_family).__name__,
            "posterior": type(model.posterior_family).__name__,
            "objective": type(model.objective).__name__,
            "parameters": int(sum(np.prod(weight.shape) for weight in model.trainable_weights)),
        },
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.time() - started, 1),
    }
