"""The picture of samples beside the images nearest to them."""

import numpy as np
from matplotlib.figure import Figure

from keras_vae.pictures.decoded import shown_images
from keras_vae.pictures.labelled_grid import labelled_grid

COLUMNS = 10
LABELS = ("sample", "nearest in training", "nearest in test")


def draw_nearest_neighbours(samples: np.ndarray, training: np.ndarray, test: np.ndarray) -> Figure:
    """Draw samples with the training image and the test image nearest to each below them, ten in a row.

    A memorised sample shows as a training image that is the same and a test image that is only alike.

    Args:
        samples: float `[n, height, width, channels]`, such as those that `memorisation` finds most suspicious; clipped
            to [0, 1].
        training: each sample's nearest training image, of the same shape.
        test: each sample's nearest test image, likewise.

    Raises:
        ValueError: If the shapes differ, or the images hold NaN.
    """
    given = {"samples": samples, "training": training, "test": test}
    rows = [shown_images(each, name) for name, each in given.items()]
    if len({row.shape for row in rows}) > 1:
        raise ValueError(
            f"samples, training and test have shapes {', '.join(str(list(row.shape)) for row in rows)}: expected equal "
            "shapes; give each sample's nearest images"
        )
    starts = range(0, len(rows[0]), COLUMNS)
    strips = [row[start : start + COLUMNS] for start in starts for row in rows]
    return labelled_grid(strips, LABELS * len(starts), group=len(LABELS))
