"""How a model is compiled: where a user leaves it open, by what measured fastest (benchmarks/training_speed.md)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.private_interfaces import layers_of

# One call from Python to TensorFlow runs this many steps: small networks spend most of a single step on that call.
STEPS_PER_EXECUTION = 32


def compile_options(model: keras.Model, **options: Any) -> dict[str, Any]:
    """Return the arguments of Keras' `compile`, "auto" replaced by what is fastest for a model.

    Raises:
        ValueError: a `loss` or `metrics`, which these models do not take, or an option that is none of its values.
    """
    for name in ("loss", "metrics", "weighted_metrics", "loss_weights"):
        if options.get(name) is not None:
            raise ValueError(f"{name} is {shown(options[name])}: expected none; the loss is the model's objective")
    for name, takes_auto in (("jit_compile", True), ("run_eagerly", False), ("auto_scale_loss", False)):
        if not isinstance(options.get(name, False), (bool, np.bool_)) and not (takes_auto and _is_auto(options[name])):
            expected = 'True, False or "auto"' if takes_auto else "True or False"
            raise ValueError(f"{name} is {shown(options[name])}: expected {expected}")
    if not _is_auto(options["steps_per_execution"]):
        options["steps_per_execution"] = whole_number("steps_per_execution", options["steps_per_execution"], 1)
    eager = bool(options.get("run_eagerly"))
    if _is_auto(options["jit_compile"]):
        options["jit_compile"] = not eager and compiles_well(model)
    if _is_auto(options["steps_per_execution"]):
        options["steps_per_execution"] = 1 if eager else STEPS_PER_EXECUTION
    return options


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"  # an array would be compared element by element


def as_optimizer(value: Any) -> keras.optimizers.Optimizer:
    """Return a Keras optimizer, which is given as one, by its name or as its configuration.

    Raises:
        ValueError: anything else.

    Example:
        >>> as_optimizer("adm")
        Traceback (most recent call last):
        ValueError: optimizer is 'adm': expected a Keras optimizer or its name, such as "adam"
    """
    try:
        if found := keras.optimizers.get(value):
            return found
        cause = None
    except Exception as error:  # of many kinds, which show the value at whatever length it has
        cause = error
    raise ValueError(f'optimizer is {shown(value)}: expected a Keras optimizer or its name, such as "adam"') from cause


def get_compile_config(self: Any) -> dict[str, Any] | None:
    """Return how the model was compiled, the optimizer's settings included; None if it was not."""
    if not self.compiled:
        return None
    optimizer = self.optimizer if self.skip_gradients_above is None else self.optimizer.inner_optimizer
    names = ("jit_compile", "steps_per_execution", "run_eagerly", "skip_gradients_above")
    return {
        "optimizer": keras.saving.serialize_keras_object(optimizer),
        **{name: getattr(self, name) for name in names},
    }


def compile_from_config(self: Any, config: dict[str, Any]) -> None:
    """Compile as `get_compile_config()` says."""
    self.compile(**{**config, "optimizer": keras.saving.deserialize_keras_object(config["optimizer"])})


def compiles_well(model: keras.Model) -> bool:
    """Whether XLA makes training faster: on a processor only without convolutions; on a GPU assumed, not measured."""
    if tf.config.list_logical_devices("GPU"):
        return True
    return not any("Conv" in type(layer).__name__ for layer in layers_of(model))
