"""The objectives by name."""

from __future__ import annotations

import functools
from collections.abc import Callable

from keras_vae.objectives.beta_tc_vae import BetaTCVAE
from keras_vae.objectives.beta_vae import BetaVAE
from keras_vae.objectives.cyclic_warm_up import CyclicWarmUp
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.free_bits import FreeBits
from keras_vae.objectives.info_vae import InfoVAE
from keras_vae.objectives.iwae import IWAE
from keras_vae.objectives.linear_warm_up import LinearWarmUp
from keras_vae.objectives.objective import Objective

OBJECTIVES: dict[str, Callable[[], Objective]] = {
    "beta_tc_vae": BetaTCVAE,
    "beta_vae": BetaVAE,
    "cyclic_warm_up": lambda: ELBO(CyclicWarmUp()),
    "elbo": ELBO,
    "free_bits": FreeBits,
    "info_vae": InfoVAE,
    "iwae": IWAE,
    "iwae_dreg": functools.partial(IWAE, doubly_reparameterised=True),
    "linear_warm_up": lambda: ELBO(LinearWarmUp()),
    "mmd_vae": functools.partial(InfoVAE, alpha=1.0),
}
