"""Callbacks: what to watch while a model is fitted."""

from keras_vae.public_names import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
