"""keras_vae as it comes, and the style of the Keras documentation's VAE example."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from protocol import options, random_images, serve

sys.path.insert(0, str(Path(__file__).parents[1]))

from training_speed import NETWORKS, ExampleVAE

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline

asked = options()
tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
keras.utils.set_random_seed(asked.seed)
images = random_images(asked.images, asked.seed)
networks, build_ours = NETWORKS[asked.network]
if asked.style == "keras_vae":
    model = build_ours(asked.seed)
    data = build_pipeline(ImageArrays(images), batch_size=asked.batch_size, seed=asked.seed, drop_remainder=True)
    settings = {}
else:
    model = ExampleVAE(*networks("sigmoid"), asked.seed)
    data = images.astype(np.float32) / 255
    settings = {"batch_size": asked.batch_size}
model.compile(keras.optimizers.Adam(1e-3))


def train_epoch() -> float:
    return model.fit(data, epochs=1, verbose=0, **settings).history["loss"][0]


serve(train_epoch, {"TensorFlow": tf.__version__, "Keras": keras.__version__})
