"""The pictures of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keras_vae.data.arrays import ImageArrays
from keras_vae.models.vae import VAE
from keras_vae.pictures.every_class import every_class
from keras_vae.pictures.history import history as draw_history
from keras_vae.pictures.latent_space import latent_space
from keras_vae.pictures.reconstructions import reconstructions
from keras_vae.pictures.samples import samples
from keras_vae.pictures.strips import interpolation, traversals

SAMPLES, PAIRS, INTERPOLATIONS = 64, 20, 5
SAMPLE_SEED = 7


def draw_pictures(
    model: VAE,
    arrays: ImageArrays,
    x: np.ndarray,
    history: dict[str, list[float]],
    metrics: dict,
    folder: Path,
) -> None:
    """Write every picture of a run into `folder`.

    Walks through the latent space of a conditional model show its first class; `classes.png` shows all.

    Args:
        model: the trained model.
        arrays: the test split, for its labels.
        x: its first images as the model sees them, float32 `[n, H, W, C]`.
        history: Keras' history of the training.
        metrics: the content of `metrics.json`.
        folder: where the pictures go.
    """
    conditional = model.classes is not None

    def decode(z: np.ndarray, label: int = 0) -> np.ndarray:
        return model.decode(z, **({"label": label} if conditional else {})).mean().numpy()

    def given(images: slice) -> dict[str, np.ndarray]:
        return {"label": arrays.labels[images]} if conditional else {}

    parts = [slice(start, start + 100) for start in range(0, len(x), 100)]
    means = np.concatenate([model.encode(x[part], **given(part)).mean().numpy() for part in parts])
    kl = np.asarray(metrics["test"]["kl_per_dimension"])
    labels = None if arrays.labels is None else arrays.labels[: len(x)]
    samples(model.generate(SAMPLES, seed=SAMPLE_SEED), folder / "samples.png")
    if conditional:
        names = arrays.class_names or [str(label) for label in range(model.classes)]
        every_class(model.draw(SAMPLE_SEED, np.arange(8), 1.0).numpy(), names, decode, folder / "classes.png")
    first = slice(min(PAIRS, len(x)))
    reconstructions(x[first], model.reconstruct(x[first], **given(first)), folder / "reconstructions.png")
    latent_space(means, kl, folder / "latent_space.png", labels, arrays.class_names, decode)
    pairs = min(INTERPOLATIONS, len(means) // 2)
    if pairs:
        interpolation(means[:pairs], means[pairs : 2 * pairs], decode, folder / "interpolation.png")
    traversals(kl, decode, folder / "traversals.png")
    draw_history(history, folder / "history.png")
