"""Pictures of originals beside what the model makes of them: of any, and of the most unusual."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_vae.data.pixels import check_pixels
from keras_vae.pictures.decoded import shown_images
from keras_vae.pictures.figure import signed
from keras_vae.pictures.labelled_grid import labelled_grid

COLUMNS = 10


def draw_reconstructions(originals: np.ndarray, reconstructed: np.ndarray) -> Figure:
    """Draw originals with their reconstructions below them, ten pairs in a row.

    Args:
        originals: float `[n, height, width, channels]` in [0, 1].
        reconstructed: float of the same shape, in the same order; clipped to [0, 1].

    Raises:
        ValueError: If the shapes differ, or the originals leave [0, 1].
    """
    pairs = _pairs(originals, reconstructed)
    starts = range(0, len(originals), COLUMNS)
    rows = [batch[start : start + COLUMNS] for start in starts for batch in pairs]
    return labelled_grid(rows, ["original", "reconstruction"] * len(starts), group=2)


def draw_unusual(originals: np.ndarray, reconstructed: np.ndarray, scores: Sequence[float]) -> Figure:
    """Draw images with their reconstructions, and the absolute error of each pixel, white where it is 1; ten at most.

    Args:
        originals: float `[n, height, width, channels]` in [0, 1], the most unusual first.
        reconstructed: float of the same shape, in the same order; clipped to [0, 1].
        scores: of each, in nats.

    Raises:
        ValueError: If the shapes or numbers differ, or the originals leave [0, 1].
    """
    originals, reconstructed = _pairs(originals, reconstructed)
    if len(scores) != len(originals):
        raise ValueError(f"scores are {len(scores)}: expected {len(originals)}; give one for each original")
    error = np.abs(originals.astype(np.float32) - reconstructed).mean(axis=-1, keepdims=True)
    rows = [each[:COLUMNS] for each in (originals, reconstructed, error)]
    return labelled_grid(
        rows,
        ["original", "reconstruction", "error"],
        [signed(score, 1 if abs(score) < 1000 else 0) for score in scores[:COLUMNS]],
        xlabel="elbo, in nats: the lower the more unusual",
    )


def _pairs(originals: np.ndarray, reconstructed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as they can be shown; ValueError unless they have one shape, and the originals are in [0, 1]."""
    originals = np.asarray(originals)
    check_pixels(originals, "originals")
    reconstructed = shown_images(reconstructed, "reconstructed")
    if originals.shape != reconstructed.shape:
        raise ValueError(
            f"reconstructed has shape {list(reconstructed.shape)}: expected the originals' {list(originals.shape)}; "
            "pass model.reconstruct(originals)"
        )
    return originals, reconstructed
