"""kill -9 at random moments: the run ends as if nothing had happened, bit for bit."""

import contextlib
import io
import math
import os
import random
import signal
import time
import zipfile

import h5py
import numpy as np
import pytest
from rich.console import Console

from keras_vae.checkpoints.folder import checkpoints_in
from keras_vae.runs.run_folder import CHECKPOINTS, unfinished
from tests.fresh_process import METHOD, FreshProcess, context

KILLS, SEED, EPOCHS = 10, 4, 4
STEPS = EPOCHS * 23  # 1437 images, 64 a batch


def train_and_say(output, resume, every, say):
    """Train in this process, and say after each call into TensorFlow how many steps are done."""
    from keras_vae.checkpoints import checkpoint
    from keras_vae.models import compile_options
    from keras_vae.runs import train
    from keras_vae.runs.settings import Settings

    class Saying(checkpoint.Checkpoint):
        def on_train_batch_end(self, batch, logs=None):
            say.send(int(self.model.step))
            super().on_train_batch_end(batch, logs)

    train.Checkpoint = Saying
    compile_options.STEPS_PER_EXECUTION = 2  # rather than 32: many moments to be killed at
    settings = Settings(epochs=EPOCHS, batch_size=64, latent_dim=2, binarize="dynamic", importance_samples=1)
    console = Console(file=io.StringIO())
    train.train(settings, output, overwrite=True, console=console, checkpoint_every=every, resume=resume)


def live(output, every, kill_at=math.inf, delay=0.0):
    """Run a process, on from its last checkpoint, until it ends or is killed; return whether it ended by itself."""
    resume = bool(checkpoints_in(unfinished(output) / CHECKPOINTS))
    hear, say = context().Pipe(duplex=False)
    fresh = FreshProcess(train_and_say, output, resume, every, say)
    say.close()
    # Heard to the end: a pipe that nobody empties would stop the process.
    with contextlib.suppress(EOFError):
        while True:
            if hear.recv() >= kill_at:
                time.sleep(delay)
                os.kill(fresh.process.pid, signal.SIGKILL)
                break
    status, _, errors = fresh.ended()
    assert status in (0, -signal.SIGKILL), errors
    return status == 0


def weights(path):
    """Every array of a .keras file by its name, the optimizer's included."""
    found = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.mark.slow
@pytest.mark.skipif(METHOD != "forkserver", reason="this system cannot fork processes")
def test_killed_ten_times_the_run_ends_as_if_nothing_had_happened(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert live(whole, every=10_000)

    draw = random.Random(SEED)
    for kill_at in sorted(draw.sample(range(1, STEPS - 1), KILLS)):
        assert not live(killed, draw.choice([1, 3, 7]), kill_at, delay=draw.random() * 0.02)
    assert live(killed, every=10_000)

    first, second = weights(whole / "model.keras"), weights(killed / "model.keras")
    assert first.keys() == second.keys()
    assert any("optimizer" in name for name in first)
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
    assert {path.name for path in killed.iterdir()} == {path.name for path in whole.iterdir()}
    for path in whole.iterdir():
        if path.name not in ("model.keras", "config.json"):  # these hold the time
            assert path.read_bytes() == (killed / path.name).read_bytes(), path.name
    assert {path.name for path in tmp_path.iterdir()} == {"whole", "killed"}
