"""Export: a trained model as one verified bundle of files that generate without TensorFlow."""

from keras_vae.public_names import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
