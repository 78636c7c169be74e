"""The priors by name."""

from __future__ import annotations

from keras_vae.priors.prior import Prior
from keras_vae.priors.standard_normal import StandardNormal

PRIORS: dict[str, type[Prior]] = {"standard_normal": StandardNormal}
