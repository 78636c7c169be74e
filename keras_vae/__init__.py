"""keras_vae: train a variational autoencoder in Keras, judge it in nats, and ship it to a device.

Importing it loads no TensorFlow: each public name brings its module when it is first used. `__init__.pyi` lists them.
"""

from __future__ import annotations

import contextlib
from types import ModuleType

import wrapt

from keras_vae.public_names import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)


@wrapt.when_imported("keras")
def _register(keras: ModuleType) -> None:
    """Let `keras.models.load_model` find our classes, whichever of the two packages was imported first."""
    from keras_vae.registry import import_serializable

    # One of our own modules may be importing Keras and be half-way; the model's module then registers the rest.
    with contextlib.suppress(ImportError):
        import_serializable()
