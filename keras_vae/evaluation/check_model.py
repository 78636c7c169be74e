"""The check that what is to be judged is a VAE."""

from __future__ import annotations

from typing import Any

from keras_vae.models.vae import VAE


def check_model(model: Any) -> None:
    """Raise ValueError for anything but a `VAE`, and for an `Autoencoder`, which has no likelihood of images.

    Example:
        >>> check_model("runs/digits")
        Traceback (most recent call last):
        ValueError: model is a str: expected a keras_vae.VAE; build one around your networks, or load a saved one
    """
    if not isinstance(model, VAE) or not model.posterior.has_density:
        raise ValueError(
            f"model is a {type(model).__name__}: expected a keras_vae.VAE; build one around your networks, or load a "
            "saved one"
        )
