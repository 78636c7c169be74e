"""keras_vae: train a variational autoencoder in Keras, judge it in nats, and ship it to a device.

Importing it loads no TensorFlow: each public name brings its module when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import wrapt

_PUBLIC = {
    "VAE": "keras_vae.models.vae",
    "Autoencoder": "keras_vae.models.autoencoder",
    "TrainingDiverged": "keras_vae.models.guard",
    "Checkpoint": "keras_vae.training.checkpoint",
    "load_dataset": "keras_vae.data.load",
    "load_factors": "keras_vae.data.factors",
    "evaluate": "keras_vae.evaluation.evaluate",
    "elbo_surgery": "keras_vae.evaluation.elbo_surgery",
    "mutual_information_gap": "keras_vae.evaluation.mutual_information_gap",
    "frechet_distance": "keras_vae.evaluation.frechet_distance",
    "memorisation": "keras_vae.evaluation.memorisation",
    "preset_names": "keras_vae.presets.read",
}
_ROOMS = ("callbacks", "distribution", "export")
# Of each of these rooms VAE brings every module with it.
_PARTS = ("likelihoods", "objectives", "posteriors", "priors")
__all__ = [*_PUBLIC, *_ROOMS, *_PARTS]

# Where the classes live that Keras must know by name before it can load a file that holds them.
_SERIALISABLE = ("keras_vae.models.vae", "keras_vae.models.autoencoder", "keras_vae.networks.build")


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        _import_serialisable()
    if name in _ROOMS + _PARTS:
        return importlib.import_module(f"keras_vae.{name}")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'keras_vae' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    if "keras" in sys.modules:
        _import_serialisable()
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _import_serialisable() -> None:
    for module in _SERIALISABLE:
        importlib.import_module(module)


@wrapt.when_imported("keras")
def _register(keras: ModuleType) -> None:
    """Let `keras.models.load_model` find our classes, whichever of the two packages was imported first."""
    ours = (module for name, module in list(sys.modules.items()) if name.startswith("keras_vae."))
    if not any(getattr(module.__spec__, "_initializing", False) for module in ours):
        _import_serialisable()
    # Otherwise one of our own modules is importing Keras and is half-way; __getattr__ registers the rest.
