"""The posteriors by name."""

from __future__ import annotations

from keras_vae.posteriors.diagonal_normal import DiagonalNormal
from keras_vae.posteriors.posterior import Posterior

POSTERIORS: dict[str, type[Posterior]] = {"diagonal_normal": DiagonalNormal}
