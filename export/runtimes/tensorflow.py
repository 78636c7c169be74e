"""TensorFlow, for the SavedModel."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf

from keras_vae.export.formats.saved_model_operators import foreign_operators
from keras_vae.export.runtimes.runtime import Arrays, Runtime
from keras_vae.private_interfaces import custom_gradients_forgotten


class TensorFlow(Runtime):
    """Runs the SavedModel. TensorFlow sets its threads once a process, so `threads` has no effect."""

    def _foreign(self, path: Path) -> list[str]:
        return foreign_operators(path)

    def _load(self, path: Path, threads: int) -> None:
        with custom_gradients_forgotten(), tempfile.TemporaryDirectory() as folder:
            # TensorFlow takes brackets in the path that it is given for a pattern.
            link = Path(folder, "saved_model")
            link.symlink_to(path.absolute(), target_is_directory=True)
            self._model = tf.saved_model.load(str(link))

    def signatures(self) -> dict[str, Any]:
        """See `Runtime`."""
        return {
            name: {
                "inputs": _described(function.structured_input_signature[1]),
                "outputs": _described(function.structured_outputs),
            }
            for name, function in self._model.signatures.items()
            if not name.startswith("__") and name != "serving_default"
        }

    def _call(self, signature: str, inputs: Arrays) -> Arrays:
        outputs = self._model.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}


def _described(specs: dict[str, tf.TensorSpec]) -> dict[str, Any]:
    return {
        name: {"shape": ["n" if side is None else side for side in spec.shape], "dtype": spec.dtype.name}
        for name, spec in specs.items()
    }
