"""Shows TensorBoard what the model generates, epoch by epoch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.checks.kind import as_path
from keras_vae.checks.number import whole_number
from keras_vae.files.places import check_folder_place
from keras_vae.pictures.decoded import shown_images
from keras_vae.pictures.grid import image_grid
from keras_vae.random.portable import check_seed, check_temperature


class TensorBoardSamples(keras.callbacks.Callback):
    """Writes a grid of generated images after each epoch, as the image `samples`.

    The latents depend on the seed alone, so the images of all epochs can be compared one by one, and so can those of
    training runs with a standard normal prior and the same latent_dim. TensorBoard is needed to read the files, not to
    write them. With several workers, the chief writes the grid.

    Args:
        folder: TensorBoard's log folder, such as that of `keras.callbacks.TensorBoard`; created if it is missing.
        count: number of images in the grid, at least 1; 64 by default.
        seed: seed of the latents, an int32; 7 by default.
        temperature: the factor of the latents' standard deviation, at least 0; 1 by default.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(
        self, folder: str | os.PathLike[str], count: int = 64, seed: int = 7, temperature: float = 1.0
    ) -> None:
        super().__init__()
        self.folder: Path = as_path("folder", folder)
        self.count: int = whole_number("count", count, 1)
        self.seed: int = check_seed(seed)
        self.temperature: float = check_temperature(temperature)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Open a file of events."""
        check_folder_place("folder", self.folder)
        writes = self.model.distribute_strategy.extended.should_save_summary
        self._writer = tf.summary.create_file_writer(os.fspath(self.folder)) if writes else None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the grid, its step the epoch counted from 0 as Keras' TensorBoard counts."""
        if self._writer is None:
            return
        images = self.model.generate(self.count, seed=self.seed, temperature=self.temperature)
        grid = image_grid(shown_images(images, "samples"))
        with self._writer.as_default():
            _write_image("samples", grid.reshape(*grid.shape[:2], -1), epoch)
        self._writer.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()


def _write_image(name: str, picture: np.ndarray, step: int) -> None:
    """Write what `tf.summary.image` would, which asks for TensorBoard: width, height and PNG, marked as an image.

    Args:
        name: under which TensorBoard shows it.
        picture: uint8 `[height, width, channels]`.
        step: its number.
    """
    summary = tf.compat.v1.SummaryMetadata
    metadata = summary(plugin_data=summary.PluginData(plugin_name="images"))
    height, width = (tf.constant(str(side)) for side in picture.shape[:2])
    tf.summary.write(name, tf.stack([width, height, tf.io.encode_png(picture)]), step, metadata)
