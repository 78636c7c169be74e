"""What a training says of itself without a terminal."""

import io

import pytest
from rich.console import Console

from keras_vae.runs import progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def lines_of(clock, epochs, steps, seconds, initial=0, per_call=1):
    """Return what two epochs print, whose steps take so many seconds."""
    console = Console(file=io.StringIO(), width=200)
    bar = progress.EpochProgress(console, epochs)
    bar.set_params({"steps": steps})
    bar.on_train_begin()
    for epoch in range(initial, initial + 2):
        bar.on_epoch_begin(epoch)
        for batch in range(per_call - 1, steps, per_call):
            bar.on_train_batch_end(batch)
            clock[0] += per_call * seconds
        bar.on_epoch_end(epoch, {"loss": 12.345, "val_loss": 6.7})
    bar.close()
    return console.file.getvalue().splitlines()


def test_the_first_epoch_tells_the_minutes_to_go(clock):
    first, *others = lines_of(clock, epochs=10, steps=101, seconds=1.0)
    # of the first epoch 100 steps were seen, which took 101 seconds with the validation; 909 are to come
    assert first == "epoch 1/10: loss 12.35, test 6.70 nats; about 15 minutes to go, fewer with a smaller --epochs"
    assert not any("minutes" in line for line in others)


def test_a_resumed_training_tells_it_likewise(clock):
    line, *_ = lines_of(clock, epochs=30, steps=101, seconds=1.0, initial=4)
    assert line == (
        "epoch 5/30: loss 12.35, test 6.70 nats; a line follows every 3 epochs; about 43 minutes to go, fewer with a "
        "smaller --epochs"
    )


@pytest.mark.parametrize("how", [{"seconds": 0.01}, {"seconds": 9.0, "per_call": 101}])
def test_nothing_is_said_of_seconds_or_without_a_measure(clock, how):
    assert not any("minutes" in line for line in lines_of(clock, epochs=10, steps=101, **how))
