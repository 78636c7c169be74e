"""Layers of a network that several replicas cannot share a batch over without it showing."""

from __future__ import annotations

import warnings

import keras


def warn_of_layers(model: keras.Model, replicas: int) -> None:
    """Warn of layers with noise or batch statistics of their own: with these, training depends on the replicas.

    Args:
        model: whose layers to look at.
        replicas: how many train it; for a lone one there is nothing to warn of.
    """
    for layer in model._flatten_layers(include_self=False) if replicas > 1 else ():
        reason = _reason(layer)
        if reason:
            warnings.warn(
                f"{type(layer).__name__} {layer.name!r} {reason}: training on {replicas} replicas differs from "
                "training on one; leave the layer out for the same training on any number",
                stacklevel=3,
            )


def keeps_state(model: keras.Model) -> bool:
    """Whether a layer has weights that are not trained, which it may change as it runs."""
    return any(layer.non_trainable_variables for layer in model._flatten_layers(include_self=False))


def _reason(layer: keras.Layer) -> str:
    if isinstance(layer, keras.layers.BatchNormalization) and not layer.synchronized:
        return "normalises the rows of each replica apart"
    if any(isinstance(value, keras.random.SeedGenerator) for value in vars(layer).values()):
        return "draws the same noise on every replica"
    return ""
