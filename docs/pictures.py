"""Draws the pictures that are kept in docs/images: `python docs/pictures.py`, from the repository's root."""

from pathlib import Path

import numpy as np

import keras_vae
from keras_vae.pictures.grid import image_grid, save_png

IMAGES = Path(__file__).with_name("images")


def main() -> None:
    """Draw 36 digits of the shipped preset that was trained on MNIST."""
    model = keras_vae.VAE.from_preset("mnist_conv_mixture", load_weights=True)
    save_png(image_grid(np.asarray(model.generate(36, seed=7)), columns=12, scale=2), IMAGES / "digits.png")


if __name__ == "__main__":
    main()
