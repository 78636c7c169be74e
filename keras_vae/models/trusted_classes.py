"""Whether a configuration asks for classes of Keras and of this package alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

OURS = "keras_vae>"


def check_classes(source: object, config: Any) -> None:
    """Raise ValueError, naming them, for classes and functions that are neither Keras' nor ours.

    Code inside a configuration, as a Lambda layer has, is refused by Keras itself.

    Args:
        source: where the configuration is from, for the error.
        config: a serialised object.
    """
    others = sorted({name for name in _names(config) if name})
    if others:
        raise ValueError(
            f"preset {source} asks for {', '.join(others)}, which are neither from Keras nor from keras_vae: expected "
            "only their classes; if you trust who made it, pass safe_mode=False"
        )


def _names(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if "class_name" in config and "config" in config:
            yield _not_ours(config)
        for value in config.values():
            yield from _names(value)
    elif isinstance(config, list):
        for value in config:
            yield from _names(value)


def _not_ours(config: dict[str, Any]) -> str:
    """The name of a class or function that is neither Keras' nor ours, else nothing."""
    name, module = str(config["class_name"]), str(config.get("module"))
    is_function = name == "function"
    # What Keras goes by: registered classes come first, and the rest are its own.
    registered = str(config["config"] if is_function else config.get("registered_name") or name)
    if registered.startswith(OURS) or (name.startswith("__") and name.endswith("__")):
        return ""
    of_keras = module.split(".")[0] == "keras" or (is_function and module == "builtins")
    if of_keras and ">" not in registered and keras.saving.get_registered_object(registered) is None:
        return ""
    return registered if is_function else f"{module}.{name}" if registered == name else registered
