"""Small trainings, run the same way on one replica and on several."""

import functools

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from three_samples import ThreeSamples

from keras_vae.models.vae import VAE
from keras_vae.optimizers import ConvolutionalMuon

BATCH = 13
COUNT = 19 * BATCH + 1  # twenty steps; 13 divides by neither 2 nor 4, and the last batch is of one image


def images():
    return (load_digits().images[:COUNT, :, :, None] / 16).astype("float32")


def batches(data=None):
    return tf.data.Dataset.from_tensor_slices(images() if data is None else data).batch(BATCH)


def weighted_batches():
    """With labels and weights, all weights of some replicas' rows 0."""
    weights = np.random.default_rng(1).uniform(0, 3, COUNT) * (np.arange(COUNT) % BATCH < 11)
    columns = (images(), np.arange(COUNT) % 10, weights.astype("float32"))
    return tf.data.Dataset.from_tensor_slices(columns).batch(BATCH)


def dense(**changes):
    return VAE.from_preset("digits_mlp", **{"latent_dim": 3, "network": {"hidden": [16]}, "seed": 5, **changes})


def own(between=(), dense_arguments=None):
    """A user's own networks, with some layers and arguments."""
    keras.utils.set_random_seed(3)
    encoder = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(16, **(dense_arguments or {}))]
    decoder = [keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))]
    return VAE(keras.Sequential([*encoder, *between, keras.layers.Dense(4)]), keras.Sequential(decoder), seed=2)


def regularized():
    return own(dense_arguments={"kernel_regularizer": keras.regularizers.L2(5.0), "activity_regularizer": "l2"})


def convolutional():
    keras.utils.set_random_seed(3)
    encoder = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(16 * 4, activation="relu"),
            keras.layers.Reshape((4, 4, 4)),
            keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ]
    )
    return VAE(encoder, decoder, seed=2)


def sgd(**arguments):
    return functools.partial(keras.optimizers.SGD, 0.002, **arguments)


PLAIN = {"jit_compile": False, "steps_per_execution": 7}
WHOLE = ("sgd", "convolutional")  # those whose evaluation and predictions are compared, too
# name: how to make the model, its optimizer, how to compile
CASES = {
    "sgd": (dense, sgd(), PLAIN),
    "one_step_a_call": (dense, sgd(), {"jit_compile": False, "steps_per_execution": 1}),
    "many_steps_a_call": (dense, sgd(), {"jit_compile": False, "steps_per_execution": 32}),
    "compiled": (dense, sgd(), {"jit_compile": True, "steps_per_execution": 7}),
    "eager": (dense, sgd(), {"run_eagerly": True}),
    "many_samples": (lambda: dense(objective=ThreeSamples()), sgd(), PLAIN),
    "convolutional": (convolutional, sgd(), PLAIN),
    "regularized": (regularized, sgd(), PLAIN),
    "clipnorm": (dense, sgd(clipnorm=0.3), PLAIN),
    "global_clipnorm": (dense, sgd(global_clipnorm=1.0), PLAIN),
    "clipvalue": (dense, sgd(clipvalue=0.1), PLAIN),
    "weights_averaged": (dense, sgd(use_ema=True), PLAIN),
    "skipping": (dense, sgd(momentum=0.9), {**PLAIN, "skip_gradients_above": 100.0}),
    "adam": (dense, functools.partial(keras.optimizers.AdamW, 1e-3, weight_decay=0.1), PLAIN),
    "muon": (convolutional, functools.partial(ConvolutionalMuon, 1e-3), PLAIN),
}


# However its steps are run, a training on one replica is this one: each of these is held against it.
SAME_ON_ONE = dict.fromkeys(("one_step_a_call", "many_steps_a_call", "compiled", "eager"), "sgd")


def compiled(case):
    make, optimizer, options = CASES[case]
    model = make()
    model.compile(optimizer(), **options)
    return model


def outcome(model, data, whole=True):
    """What a training comes to: history, weights, optimizer; on the whole evaluation and predictions too."""
    history = model.fit(data, validation_data=data if whole else None, epochs=1, verbose=0).history
    result = {
        "weights": model.get_weights(),
        "optimizer": [np.asarray(variable.value) for variable in model.optimizer.variables],
        "history": [np.float32(history[name][0]) for name in sorted(history) if not name.startswith("val_")],
        "step": [model.step.numpy()],
    }
    if whole:
        result["validation"] = [np.float32(history[name][0]) for name in sorted(history) if name.startswith("val_")]
        result["evaluate"] = [np.float32(value) for value in model.evaluate(data, verbose=0)]
        result["predict"] = [model.predict(data, verbose=0)]
    return result


@functools.cache
def on_one(case, whole=False):
    """The outcome of a case's training without a strategy."""
    return outcome(compiled(case), batches(), whole)


def compare(case, strategy):
    """The differences between a case's training on one replica and on those of a strategy."""
    with strategy.scope():
        model = compiled(case)
    whole = case in WHOLE
    return differences(on_one(SAME_ON_ONE.get(case, case), whole), outcome(model, batches(), whole))


def differences(one, other):
    """The largest difference of each part; of losses, which are hundreds of nats, the relative one."""
    losses = ("history", "validation", "evaluate")
    return {
        part: max(
            float(np.max(np.abs(a - b) / (np.maximum(1, np.abs(a)) if part in losses else 1)))
            for a, b in zip(one[part], other[part], strict=True)
        )
        for part in one
    }


def in_steps(case):
    """What some steps at a time of an endless dataset come to, and the numbers that callbacks hear."""
    model, data, numbers = compiled(case), batches().take(19).repeat(), {"train": [], "validation": []}
    noting = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: numbers["train"].append(batch))
    noting.on_test_batch_end = lambda batch, logs: numbers["validation"].append(batch)
    validation = {"validation_data": data, "validation_steps": 9}
    fit = model.fit(data, steps_per_epoch=11, epochs=2, **validation, verbose=0, callbacks=[noting])
    judged = [*fit.history["val_loss"], *model.evaluate(data, steps=3, verbose=0)]
    return _parts(model, judged, model.predict(data, steps=2, verbose=0)), numbers


@functools.cache
def in_a_row():
    """The same of the same batches, one after the other to their end."""
    model, data, judged = compiled("sgd"), batches().take(19).repeat(), []
    for epoch in range(2):
        model.fit(data.skip(11 * epoch).take(11), verbose=0)
        judged.append(model.evaluate(data.take(9), verbose=0)[0])
    judged += model.evaluate(data.take(3), verbose=0)
    return _parts(model, judged, model.predict(data.take(2), verbose=0))


def _parts(model, judged, predicted):
    parts = {"weights": model.get_weights(), "step": [model.step.numpy()], "predict": [predicted]}
    return {**parts, "evaluate": [np.float32(value) for value in judged]}
