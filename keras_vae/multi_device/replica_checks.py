"""What several replicas cannot share a batch over without it showing: some layers, and some optimizers."""

from __future__ import annotations

import warnings

import keras
import tensorflow as tf

from keras_vae.private_interfaces import layers_of


def warn_of_layers(model: keras.Model, replicas: int) -> None:
    """Warn of layers with noise or batch statistics of their own: with these, training depends on the replicas.

    Args:
        model: whose layers to look at.
        replicas: how many train it; for a lone one there is nothing to warn of.
    """
    for layer in layers_of(model, include_self=False) if replicas > 1 else ():
        reason = _reason(layer)
        if reason:
            warnings.warn(
                f"{type(layer).__name__} {layer.name!r} {reason}: training on {replicas} replicas differs from "
                "training on one; leave the layer out for the same training on any number",
                stacklevel=3,
            )


def keeps_state(model: keras.Model) -> bool:
    """Whether a layer has weights that are not trained, which it may change as it runs."""
    return any(layer.non_trainable_variables for layer in layers_of(model, include_self=False))


def check_optimizer(optimizer: keras.optimizers.Optimizer, strategy: tf.distribute.Strategy) -> None:
    """Check that an optimizer, or those within it, can update a model on all replicas alike.

    Raises:
        ValueError: an optimizer made outside the strategy's scope, whose variables one replica alone would see, or
            one that updates on some steps only, which Keras cannot do on several replicas.
    """
    for each in with_inner_optimizers(optimizer):
        if not strategy.extended.variable_created_in_scope(each.variables[0].value):
            raise ValueError(
                f"optimizer is {each.name!r}, created outside strategy.scope(), in which the model was created: "
                "expected one created inside; create it there, or pass its name"
            )
        replicas = strategy.num_replicas_in_sync
        for name in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
            if getattr(each, name, None) and replicas > 1:
                raise ValueError(
                    f"{name} is {getattr(each, name)}: expected None on {replicas} replicas, where Keras cannot do it; "
                    "leave it out, or train on one device"
                )


def with_inner_optimizers(optimizer: keras.optimizers.Optimizer) -> list[keras.optimizers.Optimizer]:
    """Return an optimizer and those that it is wrapped around, from the outermost to that which updates weights."""
    found = [optimizer]
    while hasattr(found[-1], "inner_optimizer"):
        found.append(found[-1].inner_optimizer)
    return found


def _reason(layer: keras.Layer) -> str:
    if isinstance(layer, keras.layers.BatchNormalization) and not layer.synchronized:
        return "normalises the rows of each replica apart"
    if any(isinstance(value, keras.random.SeedGenerator) for value in vars(layer).values()):
        return "draws the same noise on every replica"
    return ""
