"""The picture of originals beside what the model makes of them."""

import numpy as np
from matplotlib.figure import Figure

from keras_vae.data.pixels import check_pixels
from keras_vae.pictures.decoded import shown_images
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
    originals = np.asarray(originals)
    check_pixels(originals, "originals")
    reconstructed = shown_images(reconstructed, "reconstructed")
    if originals.shape != reconstructed.shape:
        raise ValueError(
            f"reconstructed has shape {list(reconstructed.shape)}: expected the originals' {list(originals.shape)}; "
            "pass model.reconstruct(originals)"
        )
    starts = range(0, len(originals), COLUMNS)
    rows = [batch[start : start + COLUMNS] for start in starts for batch in (originals, reconstructed)]
    return labelled_grid(rows, ["original", "reconstruction"] * len(starts), group=2)
