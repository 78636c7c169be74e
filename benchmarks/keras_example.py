"""The style of the Keras documentation's VAE example, written anew, and two pairs of networks for it."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers, ops

SHAPE = (28, 28, 1)


class Sampling(layers.Layer):
    """mean + stddev * noise."""

    def __init__(self, seed: int):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


class ExampleVAE(keras.Model):
    def __init__(self, encoder, decoder, seed):
        super().__init__()
        self.encoder, self.decoder, self.sampling = encoder, decoder, Sampling(seed)
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction_loss", "kl_loss")]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, images):
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(images)
            reconstruction = self.decoder(self.sampling((mean, log_variance)))
            cross_entropy = keras.losses.binary_crossentropy(images, reconstruction)
            reconstruction_loss = ops.mean(ops.sum(cross_entropy, axis=(1, 2)))
            kl = 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance)
            kl_loss = ops.mean(ops.sum(kl, axis=1))
            loss = reconstruction_loss + kl_loss
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        for tracker, value in zip(self.trackers, (loss, reconstruction_loss, kl_loss), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}


def dense_networks(pixels_activation: str | None) -> tuple[keras.Model, keras.Model]:
    image = features = keras.Input(SHAPE)
    features = layers.Flatten()(features)
    for _ in range(2):
        features = layers.Dense(200, activation="tanh")(features)
    encoder = keras.Model(image, [layers.Dense(50)(features), layers.Dense(50)(features)])

    latent = features = keras.Input((50,))
    for _ in range(2):
        features = layers.Dense(200, activation="tanh")(features)
    pixels = layers.Reshape(SHAPE)(layers.Dense(784, activation=pixels_activation)(features))
    return encoder, keras.Model(latent, pixels)


def conv_networks(pixels_activation: str | None) -> tuple[keras.Model, keras.Model]:
    halving = {"strides": 2, "padding": "same", "activation": "relu"}
    image = keras.Input(SHAPE)
    features = layers.Conv2D(32, 3, **halving)(image)
    features = layers.Conv2D(64, 3, **halving)(features)
    features = layers.Dense(16, activation="relu")(layers.Flatten()(features))
    encoder = keras.Model(image, [layers.Dense(2)(features), layers.Dense(2)(features)])

    latent = keras.Input((2,))
    features = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="relu")(latent))
    features = layers.Conv2DTranspose(64, 3, **halving)(features)
    features = layers.Conv2DTranspose(32, 3, **halving)(features)
    pixels = layers.Conv2DTranspose(1, 3, padding="same", activation=pixels_activation)(features)
    return encoder, keras.Model(latent, pixels)
