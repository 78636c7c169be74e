"""What a run records of itself."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import time

import numpy as np

from keras_vae.models.vae import VAE
from keras_vae.training.settings import Settings


def record(settings: Settings, model: VAE, started: float) -> dict:
    """Return what `config.json` holds: the settings, the model in a few words, versions, and when it was made.

    Args:
        settings: completed ones.
        model: as it was trained.
        started: when, in seconds since 1970.
    """
    packages = ("keras", "tensorflow", "tensorflow-probability", "numpy")
    return {
        "settings": dataclasses.asdict(settings),
        "model": {
            "image_shape": list(model.image_shape),
            "latent_dim": model.latent_dim,
            "likelihood": type(model.likelihood).__name__,
            "prior": type(model.prior_family).__name__,
            "posterior": type(model.posterior_family).__name__,
            "objective": type(model.objective).__name__,
            "parameters": int(sum(np.prod(weight.shape) for weight in model.trainable_weights)),
        },
        "replicas": model.distribute_strategy.num_replicas_in_sync,
        "versions": {name: importlib.metadata.version(name) for name in packages},
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.time() - started, 1),
    }
