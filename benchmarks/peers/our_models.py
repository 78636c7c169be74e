"""keras_vae's models of the networks that are compared."""

from __future__ import annotations

import sys
from pathlib import Path

from protocol import SHAPES, WARM_UP

sys.path.insert(0, str(Path(__file__).parents[1]))

from training_speed import NETWORKS

from keras_vae.models.vae import VAE
from keras_vae.objectives.annealing import LinearWarmUp
from keras_vae.objectives.elbo import ELBO


def our_model(network: str, seed: int) -> VAE:
    if network in NETWORKS:
        return NETWORKS[network][1](seed)
    if network == "ladder":
        return VAE.from_preset("mnist_ladder", seed=seed)
    return VAE.from_preset("image_conv", image_shape=SHAPES[network], objective=ELBO(LinearWarmUp(WARM_UP)), seed=seed)
