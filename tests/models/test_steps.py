"""The steps asked for are the steps taken, of batches that follow each other, however many a call takes."""

import itertools
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.checkpoints.state import put_state, take_state
from keras_vae.models.vae import VAE

BATCH, BATCHES = 8, 15
PIXELS = np.random.default_rng(0).integers(0, 2, [3 * BATCHES * BATCH, 8, 8, 1]).astype("float32")
FEW = PIXELS[: BATCHES * BATCH]

pytestmark = pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")


class Numbers(keras.callbacks.Callback):
    """Notes by which numbers batches are known to callbacks."""

    def __init__(self):
        super().__init__()
        self.train, self.test, self.predict = [], [], []
        self.first = []

    def on_train_batch_begin(self, batch, logs=None):
        self.first.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.train.append(batch)

    def on_test_batch_end(self, batch, logs=None):
        self.test.append(batch)

    def on_predict_batch_end(self, batch, logs=None):
        self.predict.append(batch)


@pytest.fixture(scope="module", params=[1, 7, 32, 100])
def made(request):
    """A compiled model and its first state; how many steps a call takes is the fixture's parameter."""
    model = VAE.from_preset("digits_mlp", latent_dim=2, likelihood="bernoulli", network={"hidden": [8]})
    model.compile("adam", steps_per_execution=request.param, jit_compile=False)
    return model, take_state(model)


@pytest.fixture
def model(made):
    model, first = made
    put_state(model, first)
    return model


def dataset(images=FEW):
    return tf.data.Dataset.from_tensor_slices(images).batch(BATCH)


def of_unknown_length():
    return dataset().filter(lambda images: True)


def generator():
    for number in itertools.count():
        yield (FEW[number % BATCHES * BATCH :][:BATCH],)


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return BATCHES

    def __getitem__(self, index):
        return FEW[index * BATCH :][:BATCH]


def growing():
    """Batches of which each pass has two more, beginning with 5."""
    counts = itertools.count(5, 2)

    def batches():
        yield from np.split(FEW, BATCHES)[: next(counts)]

    return tf.data.Dataset.from_generator(batches, output_signature=tf.TensorSpec([None, 8, 8, 1]))


ALL = list(range(BATCHES))
ROUND = [ALL[:10], ALL[10:] + ALL[:5], ALL[5:]]
# By name: the data, how they are fitted, and the numbers of the batches of each epoch.
FITS = {
    "endless": (
        lambda: dataset().repeat(),
        {"steps_per_epoch": 10, "epochs": 3},
        [ALL[:10], ALL[10:] + ALL[:5], ALL[5:]],
    ),
    "longer": (lambda: dataset(PIXELS), {"steps_per_epoch": 20, "epochs": 2}, [range(20), range(20, 40)]),
    "whole": (dataset, {"epochs": 2}, [ALL, ALL]),
    "of more than an execution": (lambda: dataset(PIXELS), {"epochs": 1}, [range(3 * BATCHES)]),
    "shorter": (dataset, {"steps_per_epoch": 20, "epochs": 2}, [ALL, ALL]),
    "ends within an epoch": (dataset, {"steps_per_epoch": 10, "epochs": 4}, [ALL[:10], ALL[10:]] * 2),
    "of unknown length": (of_unknown_length, {"epochs": 2}, [ALL, ALL]),
    "of unknown length in part": (of_unknown_length, {"steps_per_epoch": 10, "epochs": 4}, [ALL[:10], ALL[10:]] * 2),
    "growing": (growing, {"epochs": 3}, [ALL[:5], ALL[:7], ALL[:9]]),
    "array": (lambda: FEW, {"batch_size": BATCH, "shuffle": False, "epochs": 2}, [ALL, ALL]),
    "array in part": (
        lambda: FEW,
        {"batch_size": BATCH, "shuffle": False, "steps_per_epoch": 9, "epochs": 3},
        [ALL[:9], ALL[9:], ALL[:9]],
    ),
    "generator": (
        generator,
        {"steps_per_epoch": 10, "epochs": 3, "shuffle": False},
        [ALL[:10], ALL[10:] + ALL[:5], ALL[5:]],
    ),
    "sequence": (lambda: Sequence(), {"epochs": 2, "shuffle": False}, [ALL, ALL]),
}


@pytest.mark.parametrize("name", FITS)
def test_fit_takes_them_of_consecutive_batches(made, model, name):
    make, arguments, epochs = FITS[name]
    seen = Numbers()
    data = make()
    model.fit(data() if callable(data) else data, verbose=0, callbacks=[seen], **arguments)
    found = take_state(model)
    assert model.step.numpy() == sum(map(len, epochs))

    put_state(model, made[1])
    in_a_row = np.concatenate([PIXELS[number * BATCH :][:BATCH] for number in itertools.chain(*epochs)])
    model.fit(dataset(in_a_row), verbose=0)
    kept = len(model.variables) + len(model.optimizer.variables)  # the running means are of the last epoch
    for value, expected in zip(found[:kept], take_state(model)[:kept], strict=True):
        np.testing.assert_array_equal(value, expected)

    if "unknown" not in name and name != "growing":  # there the last number of an epoch is the most it could be
        at_a_time = model.steps_per_execution
        assert seen.first == [first for epoch in epochs for first in range(0, len(epoch), at_a_time)]
        ends = [min(first + at_a_time, len(epoch)) - 1 for epoch in epochs for first in range(0, len(epoch), at_a_time)]
        assert seen.train == ends


def test_validation_and_evaluation_take_them(model):
    seen = Numbers()
    fit = model.fit(
        dataset().repeat(),
        steps_per_epoch=2,
        epochs=2,
        validation_data=dataset().repeat(),
        validation_steps=9,
        verbose=0,
        callbacks=[seen],
    )
    ends = list(dict.fromkeys([*range(model.steps_per_execution - 1, 9, model.steps_per_execution), 8]))
    assert seen.test == ends * 2
    assert model.validation_step.numpy() == 9
    alone = Numbers()
    found = model.evaluate(dataset().repeat(), steps=9, verbose=0, callbacks=[alone], return_dict=True)
    assert alone.test == ends
    assert model.validation_step.numpy() == 9
    last = {name: values[-1] for name, values in fit.history.items()}
    assert found == {name.removeprefix("val_"): value for name, value in last.items() if name.startswith("val_")}
    assert found == model.evaluate(FEW[: 9 * BATCH], batch_size=BATCH, verbose=0, return_dict=True)


@pytest.mark.parametrize("data", [dataset().repeat(), dataset(), FEW], ids=["endless", "longer", "array"])
def test_prediction_takes_them(model, data):
    seen = Numbers()
    found = model.predict(data, batch_size=BATCH if data is FEW else None, steps=9, verbose=0, callbacks=[seen])
    np.testing.assert_allclose(found, model.reconstruct(FEW[: 9 * BATCH]), atol=1e-6)
    assert seen.predict[-1] == 8


def test_any_number_is_served_by_one_trace():
    class Counting(VAE):
        traces = 0

        def train_step(self, data):
            Counting.traces += 1
            return super().train_step(data)

    model = Counting.from_preset("digits_mlp", latent_dim=2, likelihood="bernoulli", network={"hidden": [8]})
    model.compile("adam", jit_compile=False)
    for steps in (10, 3, 32, 40, 1):
        model.fit(dataset().repeat(), steps_per_epoch=steps, verbose=0)
    assert model.step.numpy() == 86
    assert Counting.traces == 1


@pytest.mark.parametrize(
    "options", [{"steps_per_execution": 1}, {"steps_per_execution": 7}, {"run_eagerly": True}], ids=str
)
def test_what_an_own_step_logs_is_kept(options):
    class Own(VAE):
        def train_step(self, data):
            return {**super().train_step(data), "pixels": tf.reduce_sum(data)}

    model = Own.from_preset("digits_mlp", latent_dim=2, likelihood="bernoulli", network={"hidden": [8]})
    model.compile("adam", **{"jit_compile": False, **options})
    history = model.fit(dataset(), steps_per_epoch=9, epochs=1, verbose=0).history
    assert history["pixels"] == [FEW[8 * BATCH : 9 * BATCH].sum()]
    assert model.step.numpy() == 9


def test_keras_checkpoints_count_them(model, tmp_path):
    """As Keras says: looked at once a call, whether so many batches were seen since the last."""
    path = tmp_path / "{epoch}-{batch}.weights.h5"
    saving = keras.callbacks.ModelCheckpoint(path, save_freq=10, save_weights_only=True)
    model.fit(dataset().repeat(), steps_per_epoch=20, epochs=2, verbose=0, callbacks=[saving])
    expected = {1: [10, 20], 7: [14], 32: [20], 100: [20]}[model.steps_per_execution]
    names = {f"{epoch}-{batch}.weights.h5" for epoch in (1, 2) for batch in expected}
    if model.steps_per_execution == 7:  # calls end at 7, 14, 20, 27, 34, 40
        names = {"1-14.weights.h5", "2-7.weights.h5", "2-20.weights.h5"}
    assert {file.name for file in tmp_path.iterdir()} == names


@pytest.mark.parametrize("every", [1, 5])
def test_tensorboard_sees_each_step(made, model, tmp_path, every):
    """It counts calls, and calls them steps."""
    steps = []

    class Board(keras.callbacks.TensorBoard):  # which writes with a package that need not be there
        def on_train_batch_end(self, batch, logs=None):
            steps.append((batch, self._global_train_batch, self.model.step.numpy()))

        def _log_epoch_metrics(self, epoch, logs):
            pass

    model.fit(dataset(), epochs=2, verbose=0, callbacks=[Board(tmp_path, update_freq=every)])
    assert steps == [(step % BATCHES, step + 1, step + 1) for step in range(2 * BATCHES)]
    steps.clear()
    model.fit(dataset(), verbose=0, callbacks=[Board(tmp_path)])  # which writes at the end of an epoch
    assert len(steps) == -(-BATCHES // model.steps_per_execution)


@pytest.mark.parametrize("steps", [0, -1, 2.5, "3"])
def test_a_number_of_steps_that_is_none_is_told(make_vae, steps):
    model = make_vae()
    model.compile("adam", jit_compile=False)
    for name in ("steps_per_epoch", "validation_steps", "batch_size"):
        with pytest.raises(ValueError, match=f"^{name} is {steps!r}: expected a whole number of at least 1$"):
            model.fit(FEW, verbose=0, validation_data=FEW, **{name: steps})
    for judge in (model.evaluate, model.predict):
        with pytest.raises(ValueError, match=f"^steps is {steps!r}: expected a whole number of at least 1$"):
            judge(dataset(), steps=steps, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"epochs": 2.5}, "epochs is 2.5: expected a whole number of at least 0"),
        ({"epochs": -1}, "epochs is -1: expected a whole number of at least 0"),
        ({"initial_epoch": -1}, "initial_epoch is -1: expected a whole number of at least 0"),
        ({"validation_freq": 0}, "validation_freq is 0: expected a whole number of at least 1"),
        ({"validation_split": 1.5}, "validation_split is 1.5: expected a number from 0 to below 1, such as 0.1"),
        ({"validation_split": "half"}, "validation_split is 'half': expected a number from 0 to below 1, such as 0.1"),
    ],
)
def test_numbers_by_which_keras_would_train_on_other_images_or_epochs(make_vae, arguments, told):
    model = make_vae()
    model.compile("adam", jit_compile=False)
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        model.fit(FEW, verbose=0, **arguments)
    if "epochs" in arguments:
        with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
            model.fit(FEW, None, 32, arguments["epochs"])
    assert model.step.numpy() == 0
