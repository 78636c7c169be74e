"""What a training learned, and the trained weights of a preset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from keras_vae.presets.weights import read_weights, write_weights

if TYPE_CHECKING:
    from keras_vae.models.vae import VAE


def learned_variables(model: VAE) -> list[keras.Variable]:
    """Return the weights of prior, encoder, decoder, likelihood and posterior; not the counters of training."""
    parts = (model.prior_family, model.encoder, model.decoder, model.likelihood, model.posterior_family)
    return [weight for part in parts for weight in part.weights]


def load_trained_weights(model: VAE, preset: str) -> None:
    """Set a model's weights to those that come with its preset.

    Raises:
        ValueError: a preset without trained weights, or a model that they do not fit.
    """
    variables, values = learned_variables(model), read_weights(preset)
    wanted, found = ([tuple(each.shape) for each in weights] for weights in (variables, values))
    if wanted != found:
        raise ValueError(
            f"the weights of preset {preset!r} have shapes {found}: expected {wanted}; reinstall keras_vae"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def write_trained_weights(model: VAE, path: Path) -> None:
    """Write what a model learned as a preset's file, in float16."""
    write_weights([np.asarray(variable) for variable in learned_variables(model)], path)
