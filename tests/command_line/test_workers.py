"""`keras-vae train --strategy multi_worker`, a real process for each worker: killed, ended, resumed and refused."""

import contextlib
import io
import json
import os
import random
import shutil
import signal
import socket
import sys
import time
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from keras_vae.checkpoints.format import PARTIAL
from tests.fresh_process import METHOD, FreshProcess, context

FULL = Path("/dev/full")  # every write to it fails with ENOSPC, as on a full disk
STEPS = 3 * 23  # 3 epochs of 1437 images, 64 a batch
ARGUMENTS = ["train", "--epochs", "3", "--batch-size", "64", "--latent-dim", "2", "--binarize", "dynamic"]
ARGUMENTS += ["--importance-samples", "1", "--no-bundle"]
SECONDS = 60  # within which the others end when one is lost

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(METHOD != "forkserver", reason="this system cannot fork processes"),
]


def work(arguments, tf_config, printed, say, versions):
    """Be one worker: run the command, and say after each call into TensorFlow how many steps are done."""
    with printed.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ["TF_CONFIG"] = tf_config
    import importlib.metadata

    from keras_vae.command_line.application import main
    from keras_vae.models import compile_options
    from keras_vae.runs import train

    class Saying(train.Checkpoint):
        def on_train_batch_end(self, batch, logs=None):
            say.send(int(self.model.step.numpy()))
            super().on_train_batch_end(batch, logs)

    train.Checkpoint = Saying
    compile_options.STEPS_PER_EXECUTION = 2  # rather than 32: many moments to be killed at
    true_version = importlib.metadata.version
    importlib.metadata.version = lambda name: versions.get(name) or true_version(name)
    sys.stdout, sys.stderr = (open(descriptor, "w", closefd=False) for descriptor in (1, 2))  # noqa: SIM115
    main(arguments)


class Workers:
    """Processes of one training, and what each printed; `own` are arguments of each alone, as many as workers."""

    def __init__(self, folder, *arguments, own=((), ()), versions=({}, {}), strategy="multi_worker"):
        self.printed = [folder / f"printed-{index}.txt" for index in range(len(own))]
        for file in self.printed:
            file.unlink(missing_ok=True)
        addresses = [f"localhost:{port}" for port in free_ports(len(own))]
        self.heard, self.processes = [], []
        for index, extra in enumerate(own):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            hear, say = context().Pipe(duplex=False)
            everything = [*ARGUMENTS, "--strategy", strategy, *map(str, [*arguments, *extra])]
            process = FreshProcess(work, everything, json.dumps(task), self.printed[index], say, versions[index])
            say.close()
            self.heard.append(hear)
            self.processes.append(process)

    def signal_at(self, step, signals):
        """Send signals, by worker, when the first worker has done a number of steps."""
        while self.heard[0].recv() < step:
            pass
        for index, number in signals.items():
            os.kill(self.processes[index].process.pid, number)

    def end(self, seconds=300):
        """Wait for all; return their exit statuses and what they printed."""
        deadline = time.monotonic() + seconds
        try:
            for hear in self.heard:  # a pipe that nobody empties would stop the process
                with contextlib.suppress(EOFError):
                    while hear.poll(max(0, deadline - time.monotonic())):
                        hear.recv()
            statuses = [process.ended(max(0, deadline - time.monotonic()))[0] for process in self.processes]
            return statuses, [file.read_text() for file in self.printed]
        finally:
            for process in self.processes:
                process.kill()


def free_ports(count):
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("localhost", 0))
        return [listener.getsockname()[1] for listener in listeners]


def arrays(path):
    """Every array of a .keras file by its name, the optimizer's included."""
    found = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run folder of an uninterrupted training, and what its two workers printed."""
    folder = tmp_path_factory.mktemp("whole")
    statuses, printed = Workers(folder, "--output", folder / "run").end()
    assert statuses == [0, 0], printed
    return folder / "run", printed


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """The unfinished run of a training that was killed three times and asked to end once, by a seed's choice."""
    folder = tmp_path_factory.mktemp("interrupted")
    draw = random.Random(5)
    lives = [{1: signal.SIGKILL}, {1: signal.SIGTERM}, {0: signal.SIGKILL}, {0: signal.SIGKILL, 1: signal.SIGKILL}]
    moments = sorted(draw.sample(range(4, STEPS - 6), len(lives)))
    for number, (signals, moment) in enumerate(zip(lives, moments, strict=True)):
        arguments = ["--output", folder / "run", "--checkpoint-every", draw.choice([1, 3])]
        workers = Workers(folder, *arguments, *(["--resume"] if number else []))
        workers.signal_at(moment, signals)
        statuses, printed = workers.end(SECONDS)
        said = [text.splitlines()[-1] for text in printed]
        if signals == {1: signal.SIGTERM}:  # one is asked, both end
            assert statuses == [143, 143], printed
            assert all(line.startswith("keras-vae: asked to end by SIGTERM; the last checkpoint is") for line in said)
            assert said[0].endswith("go on with the same arguments and --resume")
        for index in {0, 1} - set(signals) if signal.SIGKILL in signals.values() else ():
            assert statuses[index] == 75, printed
            assert said[index].startswith(f"keras-vae: lost worker {1 - index}: its process ended, or its machine")
            assert said[index].endswith("go on with the same arguments and --resume")
        assert not (folder / "run").exists()
        assert {path.name for path in (folder / "run.unfinished").iterdir()} == {"checkpoints"}
    return folder / "run.unfinished"


def copied(interrupted, folder):
    shutil.copytree(interrupted, folder / "run.unfinished")
    return folder / "run"


def test_the_first_worker_writes_and_prints_and_the_other_only_trains(whole):
    run, printed = whole
    assert {path.name for path in run.parent.iterdir()} == {"run", "printed-0.txt", "printed-1.txt"}
    assert "on 2 replicas in 2 processes" in printed[0].replace("\n", " ")
    assert "epoch 3/3" in printed[0]
    said = printed[1].splitlines()
    assert len(said) == 2
    assert said[0].startswith("worker 1 of 2, at localhost:")
    assert said[1] == "trained; the first worker judges the model and writes the run folder"
    assert "WARNING" not in printed[0]


def test_killed_and_asked_to_end_it_ends_as_if_nothing_had_happened(whole, interrupted, tmp_path):
    output = copied(interrupted, tmp_path)
    statuses, printed = Workers(tmp_path, "--output", output, "--resume").end()
    assert statuses == [0, 0], printed
    assert "up to the order of sums" not in printed[0]
    expected, found = arrays(whole[0] / "model.keras"), arrays(output / "model.keras")
    assert expected.keys() == found.keys()
    assert any("optimizer" in name for name in expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(value, found[name], err_msg=name)
    assert {path.name for path in output.iterdir()} == {path.name for path in whole[0].iterdir()}
    for path in whole[0].iterdir():
        if path.name not in ("model.keras", "config.json"):  # these hold the time
            assert path.read_bytes() == (output / path.name).read_bytes(), path.name
    assert not (tmp_path / "run.unfinished").exists()


def test_resumed_on_one_device_it_ends_the_same_up_to_the_order_of_sums(whole, interrupted, tmp_path):
    output = copied(interrupted, tmp_path)
    alone = Workers(tmp_path, "--output", output, "--resume", own=[()], strategy="one_device")
    (status,), (printed,) = alone.end()
    assert status == 0, printed
    said = " ".join(printed.split())
    assert "was written on 2 replicas in 2 processes, this is 1 replica in 1 process: the same up to" in said
    expected, found = arrays(whole[0] / "model.keras"), arrays(output / "model.keras")
    assert max(np.abs(value - found[name]).max() for name, value in expected.items()) < 1e-5


def test_workers_with_other_settings_and_versions_are_told_in_what_they_differ(tmp_path):
    workers = Workers(
        tmp_path,
        *("--output", tmp_path / "run"),
        own=([], ["--latent-dim", 3]),
        versions=({}, {"keras": "3.99"}),
    )
    statuses, printed = workers.end(SECONDS)
    assert statuses == [2, 2], printed
    for text in printed:
        assert "error: workers differ in latent_dim: worker 0: 2; worker 1: 3, and in the version of keras: " in text
        assert 'worker 1: "3.99": expected the same everywhere; make them agree' in text.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"printed-0.txt", "printed-1.txt"}


def test_a_worker_that_does_not_see_the_checkpoint_is_named(interrupted, tmp_path):
    output = copied(interrupted, tmp_path)
    elsewhere = [[], ["--output", tmp_path / "elsewhere"]]
    statuses, printed = Workers(tmp_path, "--output", output, "--resume", own=elsewhere).end(SECONDS)
    assert statuses == [2, 2], printed
    for text in printed:
        said = text.splitlines()[-1]
        assert "error: workers see different checkpoints in " in said
        assert "worker 1: none): expected the same everywhere; give them one folder that all of them share" in said
    assert {path.name for path in (tmp_path / "run.unfinished").iterdir()} == {"checkpoints"}


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_at_a_checkpoint_ends_both_and_keeps_the_one_before(interrupted, tmp_path):
    output = copied(interrupted, tmp_path)
    folder = tmp_path / "run.unfinished" / "checkpoints"
    before = {path.name: path.read_bytes() for path in folder.glob("*.checkpoint")}
    (folder / PARTIAL).unlink(missing_ok=True)
    (folder / PARTIAL).symlink_to(FULL)
    workers = Workers(tmp_path, "--output", output, "--resume", "--checkpoint-every", 1)
    statuses, printed = workers.end(SECONDS)
    assert statuses == [2, 2], printed
    assert "the disk is full; make room" in printed[0].splitlines()[-1]
    assert "error: worker 0 gave up: " in printed[1].splitlines()[-1]
    assert "could not write checkpoint" in printed[1].splitlines()[-1]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_mirrored_with_half_precision_on_virtual_devices(tmp_path):
    """What is written is float32, whatever the networks were trained in, and so becomes a bundle as ever."""
    arguments = ["--output", tmp_path / "run", "--virtual-devices", 2, "--precision", "mixed_float16", "--bundle"]
    (status,), (printed,) = Workers(tmp_path, *arguments, own=[()], strategy="mirrored").end()
    assert status == 0, printed
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["untrained"]["elbo"] < metrics["test"]["elbo"] < 0
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert (config["replicas"], config["settings"]["precision"]) == (2, "mixed_float16")
    model = keras.models.load_model(tmp_path / "run/model.keras")
    assert {layer.compute_dtype for layer in model._flatten_layers()} == {"float32"}
    assert json.loads((tmp_path / "run/bundle/manifest.json").read_text())["not_written"] == {}


def test_a_batch_smaller_than_the_number_of_replicas_is_refused(tmp_path):
    arguments = ["--output", tmp_path / "run", "--virtual-devices", 2, "--batch-size", 1]
    (status,), (printed,) = Workers(tmp_path, *arguments, own=[()], strategy="mirrored").end()
    assert status == 2
    assert "batch_size is 1, shared among 2 replicas: expected at least 2" in printed.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["printed-0.txt"]
