"""A model as a copy in single precision, whatever it was trained in: what others get computes alike everywhere."""

from __future__ import annotations

from typing import Any, TypeVar

import keras

from keras_vae.private_interfaces import layers_of

Model = TypeVar("Model", bound=keras.Model)


def in_float32(model: Model) -> Model:
    """Return the model if all its layers compute in float32, else a copy whose layers do, with the same weights.

    Example:
        >>> from keras_vae import VAE
        >>> model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
        >>> in_float32(model) is model
        True
    """
    if all(layer.compute_dtype == "float32" for layer in (*layers_of(model.encoder), *layers_of(model.decoder))):
        return model
    return float32_copy(model)


def float32_copy(model: Any) -> Any:
    """Return a copy whose layers compute in float32: the same weights and counters, never compiled."""
    copy = type(model).from_config(with_policy(model.get_config(), "float32"))
    copy.set_weights(model.get_weights())
    return copy


def with_policy(config: Any, policy: str) -> Any:
    """Return a serialised object with every dtype policy inside it replaced by another, given by name."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return {**config, "config": {"name": policy}}
        return {key: with_policy(value, policy) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(with_policy(value, policy) for value in config)
    return config
