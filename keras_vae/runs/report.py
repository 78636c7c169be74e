"""After `fit`: the pictures of a run, and what it records of itself."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import time
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.files.digest import sha256
from keras_vae.models.vae import VAE
from keras_vae.pictures.every_class import draw_every_class
from keras_vae.pictures.figure import save_figure
from keras_vae.pictures.history import draw_history
from keras_vae.pictures.latent_space import draw_latent_space
from keras_vae.pictures.reconstructions import draw_reconstructions
from keras_vae.pictures.samples import samples
from keras_vae.pictures.strips import draw_interpolation, draw_traversals
from keras_vae.runs.settings import Settings

SAMPLES, PAIRS, INTERPOLATIONS = 64, 20, 5
SAMPLE_SEED = 7


def draw_pictures(
    model: VAE,
    arrays: ImageArrays,
    settings: Settings,
    history: dict[str, list[float]],
    metrics: dict[str, Any],
    folder: Path,
) -> None:
    """Write every picture of a run into `folder`.

    Walks through the latent space of a conditional model show its first class; `classes.png` shows all.

    Args:
        model: the trained model.
        arrays: the test split.
        settings: how its images were binarised.
        history: Keras' history of the training.
        metrics: of the test split, as `keras_vae.evaluate` returned them.
        folder: where the pictures go.
    """
    conditional, x = model.classes is not None, _first_images(arrays, settings)

    def decode(z: np.ndarray, label: int = 0) -> np.ndarray:
        return model.decode(z, **({"label": label} if conditional else {})).mean().numpy()

    def given(images: slice) -> dict[str, np.ndarray]:
        return {"label": arrays.labels[images]} if conditional else {}

    parts = [slice(start, start + 100) for start in range(0, len(x), 100)]
    means = np.concatenate([model.encode(x[part], **given(part)).mean().numpy() for part in parts])
    kl = np.asarray(metrics["kl_per_dimension"])
    labels = None if arrays.labels is None else arrays.labels[: len(x)]
    first, pairs = slice(min(PAIRS, len(x))), min(INTERPOLATIONS, len(means) // 2)
    samples(model.generate(SAMPLES, seed=SAMPLE_SEED), folder / "samples.png")
    figures = {
        "reconstructions": draw_reconstructions(x[first], model.reconstruct(x[first], **given(first))),
        "latent_space": draw_latent_space(means, kl, labels, arrays.class_names, decode),
        "traversals": draw_traversals(kl, decode),
        "history": draw_history(history),
    }
    if pairs:
        figures["interpolation"] = draw_interpolation(means[:pairs], means[pairs : 2 * pairs], decode)
    if conditional:
        names = arrays.class_names or [str(label) for label in range(model.classes)]
        z = model.sample_latents(SAMPLE_SEED, np.arange(8), 1.0).numpy()
        figures["classes"] = draw_every_class(z, names, decode)
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")


def _first_images(arrays: ImageArrays, settings: Settings) -> np.ndarray:
    """The first images of a split as the model sees them, float32 `[n, H, W, C]` in [0, 1]."""
    pipeline = build_pipeline(
        arrays,
        batch_size=min(len(arrays), 2000),
        binarize=settings.binarize,
        seed=settings.seed,
        shuffle=False,
    )
    return next(iter(pipeline)).numpy()


def record(settings: Settings, model: VAE, path: Path, started: float) -> dict[str, Any]:
    """Return what `config.json` holds: the settings, the model in a few words, versions, and when it was made.

    Args:
        settings: completed ones.
        model: as it was trained.
        path: its file.
        started: when, in seconds since 1970.
    """
    packages = ("keras", "tensorflow", "tensorflow-probability", "numpy")
    return {
        "settings": dataclasses.asdict(settings),
        "model": {
            "sha256": sha256(path),
            "image_shape": list(model.image_shape),
            "latent_dim": model.latent_dim,
            "class_names": model.class_names,
            "likelihood": type(model.likelihood).__name__,
            "prior": type(model.prior).__name__,
            "posterior": type(model.posterior).__name__,
            "objective": type(model.objective).__name__,
            "parameters": int(sum(np.prod(weight.shape) for weight in model.trainable_weights)),
        },
        "replicas": model.distribute_strategy.num_replicas_in_sync,
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.time() - started, 1),
    }
