"""Approximate posteriors q(z|x): what the encoder's outputs mean for the latent."""

from keras_vae.public_names import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
