"""Objectives: what training minimises, from distributions and a sample, never touching a network."""

from keras_vae.public_names import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
