"""The priors by name."""

from __future__ import annotations

from keras_vae.priors.gaussian_mixture import GaussianMixture
from keras_vae.priors.prior import Prior
from keras_vae.priors.real_nvp import RealNVP
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.priors.vamp import VampPrior

PRIORS: dict[str, type[Prior]] = {
    "gaussian_mixture": GaussianMixture,
    "real_nvp": RealNVP,
    "standard_normal": StandardNormal,
    "vamp": VampPrior,
}
