"""Priors p(z): where latents come from."""

from keras_vae.public_names import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
