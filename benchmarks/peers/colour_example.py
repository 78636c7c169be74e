"""The style of the Keras documentation's VAE example, for the networks and the likelihood of colour images."""

from __future__ import annotations

import keras
import tensorflow as tf
from colour_in_keras import loss_terms
from keras import ops
from protocol import WARM_UP


class ColourExampleVAE(keras.Model):
    def __init__(self, encoder, decoder, seed):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction_loss", "kl_loss")]

    @property
    def metrics(self):
        return self.trackers

    def train_step(self, images):
        shape = (ops.shape(images)[0], self.decoder.input_shape[-1])
        noise = keras.random.normal(shape, seed=self.seed_generator)
        with tf.GradientTape() as tape:
            reconstruction_loss, kl_loss = loss_terms(self.encoder, self.decoder, images, noise)
            kl_weight = ops.minimum(1.0, ops.cast(self.optimizer.iterations, "float32") / WARM_UP)
            loss = reconstruction_loss + kl_weight * kl_loss
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        for tracker, value in zip(self.trackers, (loss, reconstruction_loss, kl_loss), strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}
