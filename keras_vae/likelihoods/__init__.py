"""Likelihoods p(x|z): what the decoder's outputs mean for the pixels."""

from keras_vae.public_names import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
