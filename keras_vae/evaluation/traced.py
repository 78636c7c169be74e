"""Functions of a model, traced once: a `tf.function` made anew for each call is traced anew, and its graphs stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_vae.models.vae import VAE

_PARTS = ("encoder", "decoder", "likelihood", "prior", "posterior")


def traced(function: Callable[..., Any], model: VAE, jit_compile: bool = False) -> Callable[..., Any]:
    """Return a `tf.function` of the arguments after the model: the same each time, as long as the model's parts are.

    It is kept with the model and goes with it.

    Args:
        function: of a model and tensors, or nests of them.
        model: with which it is called.
        jit_compile: whether XLA compiles it; False by default.
    """
    kept = model.__dict__.setdefault("_traced", {})
    parts = [getattr(model, name) for name in _PARTS]
    known, found = kept.get((function, jit_compile), ([], None))
    if found is None or any(part is not other for part, other in zip(parts, known, strict=True)):
        found = tf.function(
            lambda *arguments: function(model, *arguments),
            jit_compile=jit_compile,
            reduce_retracing=True,
            autograph=False,
        )
        kept[function, jit_compile] = parts, found
    return found
