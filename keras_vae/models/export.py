"""Keras' own export of a model, which knows what goes in."""

from __future__ import annotations

from typing import Any

import keras


def export(
    self: Any,
    filepath: Any,
    format: str = "tf_saved_model",
    verbose: Any = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Export reconstruction, as `keras.Model.export` does; `keras_vae.export.export_bundle` writes all a model can do.

    Args:
        filepath: as in `keras.Model.export`.
        format: as in `keras.Model.export`, such as "tf_saved_model", "onnx" or "litert".
        verbose: as in `keras.Model.export`.
        input_signature: as in `keras.Model.export`; by default images float32 `[n, H, W, C]` in [0, 1], for a
            conditional model with labels int32 `[n]`.
        kwargs: as in `keras.Model.export`.
    """
    if input_signature is None:
        image = keras.InputSpec(shape=(None, *self.image_shape), dtype="float32", name="image")
        label = keras.InputSpec(shape=(None,), dtype="int32", name="label")
        input_signature = [image if self.classes is None else (image, label)]
    keras.Model.export(self, filepath, format, verbose, input_signature, **kwargs)
