"""Approximate posteriors q(z|x): what the encoder's outputs mean for the latent."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
