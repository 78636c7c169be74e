"""keras_vae as it comes, and the style of the Keras documentation's VAE example."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from colour_example import ColourExampleVAE
from colour_in_keras import colour_networks, loss_terms
from keras_weights import weights_by_name
from our_models import NETWORKS, our_model
from products import operations
from protocol import SHAPES, check, options, random_images, serve
from training_speed import ExampleVAE

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.private_interfaces import layers_of

CHECKED = 8  # images of a check

asked = options()
tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
keras.utils.set_random_seed(asked.seed)


def example_model() -> keras.Model:
    if asked.network in NETWORKS:
        return ExampleVAE(*NETWORKS[asked.network][0]("sigmoid"), asked.seed)
    return ColourExampleVAE(*colour_networks(SHAPES[asked.network], asked.seed), asked.seed)


def write_check(path: Path) -> None:
    """Write weights unlike the initial ones, images and noise."""
    random = np.random.default_rng(asked.seed)
    unlike = 0.05 if asked.network == "ladder" else 0.1  # so that the KL counts, and a deep network stays finite
    weights = weights_by_name(model.encoder, model.decoder, getattr(model.posterior, "groups", ()))
    stored = {name: weight.numpy() + unlike * random.normal(size=weight.shape) for name, weight in weights.items()}
    stored = {name: value.astype(np.float32) for name, value in stored.items()}
    noise = random.normal(size=(CHECKED, model.latent_dim)).astype(np.float32)
    np.savez(path, **stored, images=random_images(CHECKED, asked.network, asked.seed), noise=noise)


def loss_of(stored: dict[str, np.ndarray], images: np.ndarray, noise: np.ndarray) -> tuple[float, int]:
    ours = asked.style == "keras_vae"
    groups = getattr(model.posterior, "groups", ()) if ours else ()
    for name, weight in weights_by_name(model.encoder, model.decoder, groups).items():
        weight.assign(stored[name])
    if ours:
        loss = np.mean(model.terms(tf.constant(images), None, tf.constant(noise[np.newaxis])).loss)
    else:
        loss = sum(loss_terms(model.encoder, model.decoder, images, noise))
    return float(loss), trained_weights()


def trained_weights() -> int:
    return sum(int(tf.size(weight)) for weight in model.trainable_weights)


if asked.style == "keras_vae":
    model = our_model(asked.network, asked.seed)
    if asked.check:
        write_check(asked.check)
else:
    model = example_model()
if asked.check:
    check(asked.check, loss_of)
images = random_images(asked.images, asked.network, asked.seed)
if asked.style == "keras_vae":
    data = build_pipeline(ImageArrays(images), batch_size=asked.batch_size, seed=asked.seed, drop_remainder=True)
    settings = {}
    facts = {"operations": operations(layers_of(model.encoder) + layers_of(model.decoder) + layers_of(model.posterior))}
else:
    data = images.astype(np.float32) / 255
    settings = {"batch_size": asked.batch_size}
    facts = {}
model.compile(keras.optimizers.Adam(1e-3))


def train_epoch() -> float:
    return model.fit(data, epochs=1, verbose=0, **settings).history["loss"][0]


serve(train_epoch, {"TensorFlow": tf.__version__, "Keras": keras.__version__}, weights=trained_weights(), **facts)
