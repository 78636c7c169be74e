"""The beta-VAE."""

from __future__ import annotations

from typing import Any

import keras

from keras_vae.check_number import at_least
from keras_vae.objectives.elbo import ELBO


@keras.saving.register_keras_serializable(package="keras_vae")
class BetaVAE(ELBO):
    """Minimise -E_q[log p(x|z)] + beta * KL(q(z|x) || p(z)).

    Higgins et al. 2017, "beta-VAE", equation 4: a beta above 1 presses towards independent latents, at the price of
    the pictures.

    Args:
        beta: at least 0; 4 by default.

    Raises:
        ValueError: a negative or non-finite beta.
    """

    def __init__(self, beta: float = 4.0) -> None:
        super().__init__(at_least("beta", beta, 0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this objective again."""
        return {"beta": self.kl_weight}
