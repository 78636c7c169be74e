"""A preset's pictures: `generate` alone as a TFLite file, small enough to come with the package."""

from __future__ import annotations

import tempfile
from pathlib import Path

from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import signatures
from keras_vae.export.formats.tflite import TFLiteFiles
from keras_vae.files.written_whole import written_whole
from keras_vae.models.vae import VAE
from keras_vae.private_interfaces import custom_gradients_forgotten


def write_generator(model: VAE, path: Path) -> None:
    """Write a model's `generate` with its weights in float16, as a preset has them: it then loses nothing.

    Args:
        model: the model; other weights are rounded.
        path: the file to write.

    Raises:
        Inexpressible: a model that needs an operator that TFLite lacks.
    """
    with tempfile.TemporaryDirectory() as folder, custom_gradients_forgotten():
        write_saved_model({"generate": signatures(model)["generate"]}, Path(folder))
        with written_whole(path) as beside:
            TFLiteFiles(Path(folder)).write(beside, ["generate"], "float16")
