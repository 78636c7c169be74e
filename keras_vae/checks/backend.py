"""The check that Keras runs as these models need it: on TensorFlow, channels last."""

from __future__ import annotations

import os

from keras_vae.checks.shown import first_line


def check_backend() -> None:
    """Raise ValueError unless Keras runs on TensorFlow with channels last; it is imported for that."""
    try:
        import keras
    except Exception as error:  # a backend that is not installed, or that there is not
        asked = os.environ.get("KERAS_BACKEND")
        if asked in (None, "tensorflow"):
            raise
        raise ValueError(
            f"KERAS_BACKEND is {asked!r} ({first_line(error)}): expected tensorflow; set it before Keras is imported"
        ) from error
    backend, order = keras.config.backend(), keras.config.image_data_format()
    if (backend, order) != ("tensorflow", "channels_last"):
        raise ValueError(
            f"Keras' backend is {backend} with {order}: expected tensorflow with channels_last; set KERAS_BACKEND, or "
            "correct keras.json, before Keras is imported"
        )
