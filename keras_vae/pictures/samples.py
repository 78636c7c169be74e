"""The picture of a model's samples."""

import os
from pathlib import Path

import numpy as np

from keras_vae.pictures.decoded import shown_images
from keras_vae.pictures.grid import image_grid, save_png


def samples(images: np.ndarray, path: str | os.PathLike[str]) -> Path:
    """Write generated images as a grid as square as possible, in the order given.

    Args:
        images: float `[n, height, width, channels]`, such as `model.generate(64, seed=7)`; clipped to [0, 1].
        path: The PNG file to write, in a folder that exists.

    Returns:
        The path written.

    Raises:
        ValueError: If the images are of another shape or dtype, or hold NaN.
    """
    return save_png(image_grid(shown_images(images, "samples")), path)
