"""An objective that draws three latents for each image."""

import keras

from keras_vae.objectives import ELBO


@keras.saving.register_keras_serializable(package="tests")
class ThreeSamples(ELBO):
    samples = 3
