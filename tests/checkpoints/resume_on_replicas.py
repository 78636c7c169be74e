"""Run by test_resume_on_replicas.py in a process of its own: interrupts a training on two replicas, and resumes it."""

import contextlib
import sys

import keras
import numpy as np
import tensorflow as tf

from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.checkpoints.state import take_state
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.models.vae import VAE

# 11 batches of 4 an epoch; the last one has 3 images, which two replicas share unevenly.
PIXELS = np.random.default_rng(0).integers(0, 256, [43, 8, 8, 1], np.uint8)


class Interruption(Exception):
    pass


class Interrupt(keras.callbacks.Callback):
    calls = 0

    def on_train_batch_end(self, batch, logs=None):
        self.calls += 1
        if self.calls == 5:
            raise Interruption


def two_replicas():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def built(strategy):
    with strategy.scope():
        model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [16]}, likelihood="bernoulli", seed=5)
        model.compile(keras.optimizers.Adam(0.01), steps_per_execution=4, jit_compile=False)
    return model


def fit(model, epoch, callbacks):
    options = {"batch_size": 4, "binarize": "dynamic", "seed": 2, "first_epoch": epoch}
    data, validation = (build_pipeline(ImageArrays(PIXELS, split=split), **options) for split in ("train", "test"))
    return model.fit(
        data, validation_data=validation, initial_epoch=epoch, epochs=3, verbose=0, callbacks=callbacks
    ).history


def main(folder):
    strategy = two_replicas()
    assert strategy.num_replicas_in_sync == 2
    whole = built(strategy)
    history = fit(whole, 0, [])
    with contextlib.suppress(Interruption):
        fit(built(strategy), 0, [Checkpoint(folder, 1), Interrupt()])
    model, checkpoint = built(strategy), Checkpoint(folder, 1)
    assert checkpoint.read().facts["batch"] == 8
    assert fit(model, checkpoint.resume(model), [checkpoint]) == history
    for value, expected in zip(take_state(model), take_state(whole), strict=True):
        np.testing.assert_array_equal(value, expected)
    print("the same")


if __name__ == "__main__":
    main(sys.argv[1])
