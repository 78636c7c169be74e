"""A model trained in mixed precision, to be exported in single: few runtimes compute in half of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from keras_vae.models.vae import VAE


def in_float32(model: VAE) -> VAE:
    """Return the model if all its layers compute in float32, else a copy whose layers do, with the same weights.

    Example:
        >>> model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
        >>> in_float32(model) is model
        True
    """
    if all(layer.compute_dtype == "float32" for layer in (*_layers(model.encoder), *_layers(model.decoder))):
        return model
    copy = VAE.from_config(_with_policy(model.get_config(), "float32"))
    for role in ("encoder", "decoder", "likelihood", "prior", "posterior"):
        getattr(copy, role).set_weights(getattr(model, role).get_weights())
    return copy


def _layers(network: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    yield network
    for layer in getattr(network, "layers", ()):
        yield from _layers(layer)


def _with_policy(config: Any, policy: str) -> Any:
    """Replace every dtype policy inside a serialised object."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return {**config, "config": {"name": policy}}
        return {key: _with_policy(value, policy) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_with_policy(value, policy) for value in config)
    return config
