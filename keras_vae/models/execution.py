"""How a model runs by default: the settings that measured fastest (benchmarks/training_speed.md)."""

from __future__ import annotations

import keras
import tensorflow as tf

# One call from Python to TensorFlow runs this many steps: small networks spend most of a single step on that call.
STEPS_PER_EXECUTION = 32


def compiles_well(model: keras.Model) -> bool:
    """Whether XLA makes training faster: on a processor only without convolutions; on a GPU assumed, not measured."""
    if tf.config.list_logical_devices("GPU"):
        return True
    return not any("Conv" in type(layer).__name__ for layer in model._flatten_layers())
