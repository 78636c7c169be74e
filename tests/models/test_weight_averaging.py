"""`use_ema` of Keras' optimizers: what is judged, saved, exported and resumed are the averaged weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.evaluation.evaluate import evaluate

MOMENTUM = 0.8


def optimizer(**arguments):
    return keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=MOMENTUM, **arguments)


def batches(digits):
    return tf.data.Dataset.from_tensor_slices(digits).batch(5)  # four an epoch


def trained(make_vae, digits, epochs=2, callbacks=(), **arguments):
    model = make_vae()
    model.compile(optimizer(), **{"jit_compile": False, "steps_per_execution": 2, **arguments})
    model.fit(batches(digits), validation_data=digits, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


@pytest.fixture(scope="module")
def average(digits):
    """The weights' average over eight steps of a training that does not average, by hand."""
    from keras_vae.models.vae import VAE

    model = VAE.from_preset("digits_mlp", latent_dim=2, likelihood="bernoulli", network={"hidden": [8]})
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False, steps_per_execution=1)
    mean = None
    for _ in range(2):
        for x in batches(digits):
            model.train_on_batch(x)
            now = [weight.numpy() for weight in model.trainable_weights]
            mean = now if mean is None else [MOMENTUM * m + (1 - MOMENTUM) * w for m, w in zip(mean, now, strict=True)]
    assert any(np.abs(m - w).max() > 1e-3 for m, w in zip(mean, now, strict=True))
    return mean


@pytest.mark.parametrize("arguments", [{}, {"jit_compile": True}], ids=str)
def test_fit_ends_with_the_average(make_vae, digits, average, arguments):
    model = trained(make_vae, digits, **arguments)
    for weight, expected in zip(model.trainable_weights, average, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)


def test_what_follows_uses_the_average(make_vae, digits, average, tmp_path):
    model, reference = trained(make_vae, digits), make_vae()
    for weight, value in zip(reference.trainable_weights, average, strict=True):
        weight.assign(value)
    reference.compile("adam", jit_compile=False)
    assert model.evaluate(digits, verbose=0)[0] == pytest.approx(reference.evaluate(digits, verbose=0)[0], rel=1e-5)
    assert evaluate(model, digits, 2)["elbo"] == pytest.approx(evaluate(reference, digits, 2)["elbo"], rel=1e-5)
    np.testing.assert_allclose(model.generate(3, seed=1), reference.generate(3, seed=1), atol=1e-5)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for each in (model, loaded):  # the moments and averages came along
        each.fit(batches(digits), verbose=0)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ends_after", [1, 2])
def test_a_resumed_training_ends_with_the_same_average(make_vae, digits, tmp_path, ends_after):
    """Also one that was killed when all its epochs were done, before the average took the weights' place."""
    whole = trained(make_vae, digits)

    class Killed(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 == ends_after:
                raise KeyboardInterrupt

    checkpoint = Checkpoint(tmp_path, every=1)
    with pytest.raises(KeyboardInterrupt):
        trained(make_vae, digits, callbacks=[checkpoint, Killed()])
    model, checkpoint = make_vae(), Checkpoint(tmp_path, every=1)
    model.compile(optimizer(), jit_compile=False, steps_per_execution=2)
    epoch = checkpoint.resume(model)
    model.fit(batches(digits), validation_data=digits, initial_epoch=epoch, epochs=2, verbose=0, callbacks=[checkpoint])
    for one, other in zip(model.trainable_weights, whole.trainable_weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_validation_can_judge_the_average_while_training_goes_on_without(make_vae, digits, average):
    """Keras' SwapEMAWeights works on these models: validation sees the average, training its own weights."""
    model = trained(make_vae, digits, callbacks=[keras.callbacks.SwapEMAWeights()])
    for weight, expected in zip(model.trainable_weights, average, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-4)
    validated = model.history.history["val_loss"][-1]
    reference = make_vae()
    for weight, value in zip(reference.trainable_weights, average, strict=True):
        weight.assign(value)
    reference.compile("adam", jit_compile=False)
    assert validated == pytest.approx(reference.evaluate(digits, verbose=0)[0], rel=1e-4)
