"""Interrupted anywhere and resumed, plain `model.fit` gives the weights and history of the uninterrupted training."""

import contextlib

import keras
import numpy as np
import pytest

import keras_vae
from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.checkpoints.folder import checkpoints_in
from keras_vae.checkpoints.state import put_state, take_state
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.models.vae import VAE

EPOCHS, IMAGES, BATCH = 3, 44, 4  # 11 batches an epoch: calls of 4, 4 and 3
PIXELS = np.random.default_rng(0).integers(0, 256, [IMAGES, 8, 8, 1], np.uint8)


class Interruption(Exception):
    pass


class InterruptAt(keras.callbacks.Callback):
    """Raises at the n-th event of a kind, counted over the process."""

    def __init__(self, event, count):
        super().__init__()
        setattr(self, f"on_{event}", lambda *args, **kwargs: self._count())
        self.left = count

    def _count(self):
        self.left -= 1
        if self.left == 0:
            raise Interruption


def adam():
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, EPOCHS * 11))


def averaging():
    return keras.optimizers.SGD(0.01, momentum=0.9, use_ema=True, ema_momentum=0.5)


def scaling():
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01), initial_scale=8.0, dynamic_growth_steps=3)


def built(optimizer=adam, steps=4, jit=False, dropout=0.0):
    encoder = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dropout(dropout, seed=1), keras.layers.Dense(4)]
    )
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    keras.utils.set_random_seed(1)
    for layer in (*encoder.layers, *decoder.layers):
        for weight in layer.trainable_weights:
            weight.assign(keras.random.normal(weight.shape, seed=3) * 0.1)
    model = VAE(encoder, decoder, seed=5)
    model.compile(optimizer(), steps_per_execution=steps, jit_compile=jit)
    return model


def fit(model, epoch, callbacks, epochs=EPOCHS, batch_size=BATCH):
    options = {"batch_size": batch_size, "binarize": "dynamic", "seed": 2, "first_epoch": epoch}
    data, validation = (build_pipeline(ImageArrays(PIXELS, split=split), **options) for split in ("train", "test"))
    return model.fit(
        data, validation_data=validation, initial_epoch=epoch, epochs=epochs, verbose=0, callbacks=callbacks
    )


def assert_same(model, history, expected):
    for value, right in zip(take_state(model), expected[0], strict=True):
        np.testing.assert_array_equal(value, right)
    assert history.history == expected[1].history
    assert history.epoch == expected[1].epoch


@pytest.fixture(scope="module")
def kinds():
    """For each kind of training: a model, its first state, and the state and history that it ends with."""
    known = {}

    def find(**kind):
        key = tuple(kind.items())
        if key not in known:
            model = built(**kind)
            first = take_state(model)
            history = fit(model, 0, [])
            known[key] = model, first, (take_state(model), history)
        return known[key]

    return find


def new_process(model, first, checkpoint):
    """Make a model what it is when a process starts: untrained; before a checkpoint is read, garbage will do."""
    put_state(model, [np.full_like(value, 3) for value in first] if checkpoint.read() else first)
    return checkpoint.resume(model)


def of_the_garbage(note):
    assert "learning_rate" in note, note


def interrupt_and_resume(kind, folder, every, *interruptions):
    model, first, expected = kind
    for event, count in interruptions:
        checkpoint = Checkpoint(folder, every, note=of_the_garbage)
        epoch = new_process(model, first, checkpoint)
        with pytest.raises(Interruption):
            fit(model, epoch, [checkpoint, InterruptAt(event, count)])
    checkpoint = Checkpoint(folder, every, note=of_the_garbage)
    history = fit(model, new_process(model, first, checkpoint), [checkpoint])
    assert_same(model, history, expected)


@pytest.mark.parametrize(
    "interruptions",
    [
        [("train_batch_end", 1)],
        [("train_batch_end", 3)],  # all batches of the first epoch, before its validation
        [("test_begin", 1)],
        [("test_batch_end", 2)],
        [("epoch_end", 1)],
        [("epoch_begin", 2)],
        [("train_batch_end", 5), ("train_batch_end", 3), ("test_end", 1), ("train_batch_begin", 2)],
        [("epoch_end", 3)],  # the last
    ],
)
def test_wherever_it_is_interrupted(tmp_path, kinds, interruptions):
    interrupt_and_resume(kinds(), tmp_path, 1, *interruptions)


@pytest.mark.parametrize("every", [None, 1, 5, 11, 100])
def test_however_often_it_is_written(tmp_path, kinds, every):
    interrupt_and_resume(kinds(), tmp_path, every, ("train_batch_end", 5))
    assert checkpoints_in(tmp_path)[0].name == "step-000000033.checkpoint"


@pytest.mark.parametrize(
    "kind",
    [
        {"optimizer": averaging},
        {"optimizer": scaling, "dropout": 0.5},
        {"steps": 1},
        {"steps": 32, "jit": True},
    ],
    ids=["averaging", "scaling and dropout", "calls of one step", "XLA"],
)
def test_whatever_the_optimizer_the_layers_and_the_calls(tmp_path, kinds, kind):
    interruption = ("train_batch_end", {1: 13, 4: 5, 32: 2}[kind.get("steps", 4)])
    interrupt_and_resume(kinds(**kind), tmp_path, 1, interruption)


class StepByStep(keras.callbacks.TensorBoard):
    """Has every step be a call; writes nothing."""

    def nothing(self, *args, **kwargs):
        pass

    on_train_begin = on_train_batch_begin = on_train_batch_end = on_epoch_end = on_train_end = nothing
    on_test_begin = on_test_batch_begin = on_test_end = nothing


@pytest.mark.parametrize("count", [6, 11, 13])
def test_calls_may_end_elsewhere_than_before(tmp_path, kinds, count):
    model, first, expected = kinds()
    checkpoint = Checkpoint(tmp_path, 1)
    callbacks = [StepByStep(tmp_path / "board", update_freq=1), checkpoint, InterruptAt("train_batch_end", count)]
    with pytest.raises(Interruption):
        fit(model, new_process(model, first, checkpoint), callbacks)
    checkpoint = Checkpoint(tmp_path, 1)
    epoch = new_process(model, first, checkpoint)
    assert checkpoint.read().facts["batch"] == count % 11 or count == 11
    assert_same(model, fit(model, epoch, [checkpoint]), expected)


def test_writing_changes_nothing(tmp_path, kinds):
    interrupt_and_resume(kinds(), tmp_path, 3)


def test_a_new_model_resumes_as_well(tmp_path, kinds):
    with pytest.raises(Interruption):
        fit(built(), 0, [Checkpoint(tmp_path, 1), InterruptAt("train_batch_end", 5)])
    checkpoint, model = Checkpoint(tmp_path), built()
    assert_same(model, fit(model, checkpoint.resume(model), [checkpoint]), kinds()[2])


def test_a_finished_training_is_not_trained_again_and_can_be_lengthened(tmp_path, kinds):
    model, first, expected = kinds()
    put_state(model, first)
    fit(model, 0, [Checkpoint(tmp_path)], epochs=2)
    for epochs in (2, 3):
        checkpoint = Checkpoint(tmp_path)
        epoch = new_process(model, first, checkpoint)
        history = fit(model, epoch, [checkpoint], epochs=epochs)
        assert (epoch, len(history.history["loss"])) == (2, epochs)
    assert_same(model, history, expected)


def test_every_counts_steps_and_is_reached_by_whole_calls(tmp_path, kinds):
    seen = []

    class Names(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            files = checkpoints_in(tmp_path)
            seen.append(int(files[0].name[5:14]) if files else 0)

    model, first, _ = kinds()
    checkpoint = Checkpoint(tmp_path, 10)
    fit(model, new_process(model, first, checkpoint), [checkpoint, Names()])
    # Calls end at steps 4, 8, 11, 15, 19, 22, 26, 30, 33: those that reach a multiple of 10 are followed by one.
    assert seen == [0, 0, 11, 11, 11, 22, 22, 30, 30]


@pytest.mark.parametrize("interruption", [("epoch_end", 2), ("train_batch_end", 5), ("epoch_begin", 2)])
def test_the_state_of_other_callbacks_goes_along(tmp_path, kinds, interruption):
    class Counter(keras.callbacks.Callback):
        count = 0

        def on_train_begin(self, logs=None):
            self.count = 0

        def on_train_batch_end(self, batch, logs=None):
            self.count += 1

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    model, first, _ = kinds()
    counter = Counter()
    checkpoint = Checkpoint(tmp_path, 1, also={"c": counter})
    epoch = new_process(model, first, checkpoint)
    with pytest.raises(Interruption):
        fit(model, epoch, [counter, checkpoint, InterruptAt(*interruption)])
    counter = Counter()
    checkpoint = Checkpoint(tmp_path, 1, also={"c": counter})
    fit(model, new_process(model, first, checkpoint), [counter, checkpoint])
    assert counter.count == 9


def test_a_learning_rate_that_a_callback_lowers_each_epoch(tmp_path):
    # On resuming within an epoch, the callback lowers it when the epoch "begins" again: this must not count twice.
    def train(*more):
        model = built(lambda: keras.optimizers.SGD(0.01))
        checkpoint = Checkpoint(tmp_path, 1)
        epoch = checkpoint.resume(model)
        lower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
        with contextlib.suppress(Interruption):
            fit(model, epoch, [lower, checkpoint, *more])
        return float(model.optimizer.learning_rate)

    train(InterruptAt("train_batch_end", 5))
    assert train() == pytest.approx(0.01 * 0.5**EPOCHS)


def test_mistakes_are_named(tmp_path):
    with contextlib.suppress(Interruption):
        fit(built(), 0, [Checkpoint(tmp_path, 1), InterruptAt("train_batch_end", 5)])

    with pytest.raises(
        ValueError, match=r"holds checkpoints: expected none without a resume; call resume\(model\) first"
    ):
        fit(built(), 0, [Checkpoint(tmp_path)])
    with pytest.raises(ValueError, match="whose optimizer is Adam: expected SGD; "):
        Checkpoint(tmp_path).resume(built(averaging))
    with pytest.raises(ValueError, match="whose steps_per_execution is 4: expected 2; "):
        Checkpoint(tmp_path).resume(built(steps=2))
    wide = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, likelihood="bernoulli")
    wide.compile("adam", steps_per_execution=4, jit_compile=False)
    with pytest.raises(
        ValueError,
        match=r"is from another model, .*: expected .*build and compile the model as it "
        "was",
    ):
        Checkpoint(tmp_path).resume(wide)

    model = built()
    checkpoint = Checkpoint(tmp_path)
    assert checkpoint.resume(model) == 1
    with pytest.raises(ValueError, match=r"initial_epoch is 0: expected 1, which resume\(model\) returned"):
        fit(model, 0, [checkpoint])
    checkpoint.resume(model)
    with pytest.raises(ValueError, match="whose epochs have 11 batches: expected 22; use the same data and batch size"):
        fit(model, 1, [checkpoint], batch_size=2)
    with pytest.raises(ValueError, match="every is 0: expected a whole number of at least 1"):
        Checkpoint(tmp_path, every=0)


def test_another_version_is_noted(tmp_path, monkeypatch):
    fit(built(), 0, [Checkpoint(tmp_path)], epochs=1)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    notes = []
    Checkpoint(tmp_path, note=notes.append).resume(built())
    assert any("written with tensorflow" in note and "this is 0.0: last bits may differ" in note for note in notes)


def test_a_model_made_or_compiled_otherwise_is_noted(tmp_path):
    fit(built(lambda: keras.optimizers.SGD(0.01)), 0, [Checkpoint(tmp_path)], epochs=1)
    notes = []
    other = built(lambda: keras.optimizers.SGD(0.02, clipnorm=1.0))
    other.objective, other.seed = keras_vae.objectives.ELBO(4.0), 6
    other.likelihood = keras_vae.likelihoods.ContinuousBernoulli()
    Checkpoint(tmp_path, note=notes.append).resume(other)
    written, on = "note: step-000000011.checkpoint was written with", "training goes on with the latter"
    assert sorted(notes) == [
        f"{written} likelihood.class 'Bernoulli', this is 'ContinuousBernoulli': {on}",
        f"{written} objective.kl_weight 1.0, this is 4.0: {on}",
        f"{written} optimizer.clipnorm None, this is 1.0: {on}",
        f"{written} optimizer.learning_rate 0.01, this is 0.02: the former is kept",
        f"{written} seed 5, this is 6: {on}",
    ]


def test_weights_that_went_wrong_are_not_saved(tmp_path):
    model = built(lambda: keras.optimizers.SGD(1e30))
    with pytest.raises(ValueError, match="is not finite"):
        fit(model, 0, [Checkpoint(tmp_path, 1)])
    assert checkpoints_in(tmp_path) == []
