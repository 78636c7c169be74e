"""The weights of a training that diverged: told when a model is judged or saved."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np


def unusable_weights(model: keras.Model) -> str | None:
    """Return in a line which of a model's weights are NaN or infinite; None if all are finite."""
    found = [weight.path for weight in model.weights if not np.isfinite(np.asarray(weight.numpy(), np.float32)).all()]
    if not found:
        return None
    return (
        f"{len(found)} of the model's {len(model.weights)} weights are NaN or infinite, the first {found[0]}: expected "
        "finite ones; load an earlier checkpoint, or train again at a lower learning rate"
    )


def save(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
    """Save the model to a `.keras` file, as in Keras; warns of weights that are not finite."""
    _warn(self)
    keras.Model.save(self, filepath, *args, **kwargs)


def save_weights(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
    """Save the weights to a `.weights.h5` file, as in Keras; warns of those that are not finite."""
    _warn(self)
    keras.Model.save_weights(self, filepath, *args, **kwargs)


def _warn(model: keras.Model) -> None:
    unusable = unusable_weights(model)
    if unusable:
        warnings.warn(unusable, stacklevel=3)
