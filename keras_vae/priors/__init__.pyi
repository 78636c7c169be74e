from .mixture import FixedMixture as FixedMixture
from .mixture import GaussianMixture as GaussianMixture
from .prior import Prior as Prior
from .real_nvp import RealNVP as RealNVP
from .standard_normal import StandardNormal as StandardNormal
from .vamp import VampPrior as VampPrior
