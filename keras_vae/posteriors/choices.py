"""The posteriors by name."""

from __future__ import annotations

from keras_vae.posteriors.coupling_flow import CouplingFlow
from keras_vae.posteriors.diagonal_normal import DiagonalNormal
from keras_vae.posteriors.full_normal import FullNormal
from keras_vae.posteriors.posterior import Posterior

POSTERIORS: dict[str, type[Posterior]] = {
    "coupling_flow": CouplingFlow,
    "diagonal_normal": DiagonalNormal,
    "full_normal": FullNormal,
}
