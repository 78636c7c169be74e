"""An objective that draws three latents for each image."""

import keras

from keras_vae.objectives.choices import OBJECTIVES
from keras_vae.objectives.elbo import ELBO


@keras.saving.register_keras_serializable(package="tests")
class ThreeSamples(ELBO):
    samples = 3


OBJECTIVES["three_samples"] = ThreeSamples
