"""How networks take the label of a conditional model: as a second input, beside the features that go on."""

from __future__ import annotations

from typing import Any

import keras


def label_input(classes: int | None) -> Any:
    """Return the input of one-hot labels float32 `[n, classes]`; None for a network without."""
    return None if classes is None else keras.Input((classes,), name="label")


def beside(features: Any, label: Any) -> Any:
    """Return the features `[n, k]` with the label's numbers after them."""
    return features if label is None else keras.layers.Concatenate(name="with_label")([features, label])


def network(values: Any, label: Any, outputs: Any, name: str) -> keras.Model:
    """Return the model of `values`, or of `[values, label]`."""
    return keras.Model(values if label is None else [values, label], outputs, name=name)
