"""The objectives by name."""

from __future__ import annotations

from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.objective import Objective

OBJECTIVES: dict[str, type[Objective]] = {"elbo": ELBO}
