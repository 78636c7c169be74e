"""SIGTERM and SIGHUP during a training."""

import os
import signal
import threading

import keras
import numpy as np
import pytest

from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.checkpoints.preemption import Preempted, Preemption
from keras_vae.models.vae import VAE

X = np.random.default_rng(0).uniform(size=[40, 8, 8, 1]).astype("float32")


@pytest.fixture(autouse=True)
def a_terminal_that_hangs_up():
    """Under nohup the tests would inherit that SIGHUP is ignored, and Preemption leaves that as it is."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def terminate(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_it_comes_at_once_unless_deferred(number, status):
    before = signal.getsignal(number)
    with pytest.raises(Preempted), Preemption():
        terminate(number)
        pytest.fail("it was to end here")
    with Preemption() as preemption, pytest.raises(Preempted, match=number.name) as notice, preemption.deferred():
        terminate(number)
        assert preemption.asked
    assert notice.value.status == status  # the shell's
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with Preemption() as preemption:
            terminate(signal.SIGHUP)
        assert not preemption.asked
    finally:
        signal.signal(signal.SIGHUP, before)


def test_an_error_while_deferred_is_not_hidden():
    with pytest.raises(ZeroDivisionError), Preemption() as preemption, preemption.deferred():
        terminate()
        raise ZeroDivisionError


def test_in_another_thread_signals_stay_as_they_were():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work():
        with Preemption():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize(
    ("event", "epoch", "batch", "number"),
    [
        ("on_train_batch_begin", 0, 4, signal.SIGTERM),
        ("on_test_batch_begin", 0, 10, signal.SIGHUP),
        ("on_epoch_end", 1, 0, signal.SIGTERM),
    ],
)
def test_training_saves_where_it_is_and_ends(tmp_path, event, epoch, batch, number):
    def model():
        made = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, likelihood="bernoulli")
        made.compile("adam", steps_per_execution=4, jit_compile=False)
        return made

    def fit(model, checkpoint, *callbacks):
        start = checkpoint.resume(model)
        # The arrays' order is the same in every epoch.
        return model.fit(
            X, validation_data=X, batch_size=4, shuffle=False, verbose=0, epochs=2, initial_epoch=start,
            callbacks=[*callbacks, checkpoint],
        ).history  # fmt: skip

    class Terminate(keras.callbacks.Callback):
        pass

    notice = Terminate()
    setattr(notice, event, lambda *args, **kwargs: terminate(number))
    with Preemption() as preemption, pytest.raises(Preempted, match=number.name), preemption.deferred():
        fit(model(), Checkpoint(tmp_path / "a", 1000, preemption=preemption), notice)
    saved = Checkpoint(tmp_path / "a").read()
    assert (saved.facts["epoch"], saved.facts["batch"]) == (epoch, batch)

    resumed, whole = model(), model()
    assert fit(resumed, Checkpoint(tmp_path / "a")) == fit(whole, Checkpoint(tmp_path / "b"))
    for one, two in zip(resumed.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())
