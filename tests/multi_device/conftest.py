import json
import os
import socket
from pathlib import Path

import pytest

from tests.fresh_process import FreshProcess, run_program

collect_ignore = ["programs"]  # run as processes of their own, not imported
PROGRAMS = Path(__file__).parent / "programs"


def start(program, *arguments, **environment):
    """Run a program in a process of its own: devices are set before TensorFlow starts, and a failure poisons it."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "", **environment}
    return FreshProcess(run_program, PROGRAMS / program, *arguments, environment=environment)


def results(process):
    status, out, err = process.ended()
    printed = [line.removeprefix("RESULTS ") for line in out.splitlines() if line.startswith("RESULTS ")]
    assert status == 0, err[-6000:]
    assert len(printed) == 1
    return json.loads(printed[0])


def free_ports(count):
    listeners = [socket.socket() for _ in range(count)]
    for listener in listeners:
        listener.bind(("localhost", 0))
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


ON_TWO = [
    *("sgd", "one_step_a_call", "compiled", "eager", "many_samples", "convolutional", "regularized", "clipnorm"),
    *("global_clipnorm", "clipvalue", "weights_averaged", "adam", "muon", "array_input", "labelled_input", "noise"),
    *("weighted_input", "in_steps", "bad_weight"),
    *("mixed_bfloat16", "mixed_float16", "guard_pixels", "made_outside", "accumulating", "small_batch"),
    *("small_dataset", "warned", "saved", "skipping"),
]
ON_FOUR = ["sgd", "convolutional", "global_clipnorm", "noise"]


@pytest.fixture(scope="session")
def on_two():
    """Results of programs/on_virtual_devices.py on 2 virtual processors, by the name of the check."""
    return results(start("on_virtual_devices.py", 2, *ON_TWO))


@pytest.fixture(scope="session")
def on_four():
    return results(start("on_virtual_devices.py", 4, *ON_FOUR))


@pytest.fixture(scope="session")
def on_workers():
    """Results of two real processes on loopback, those of each."""
    workers = [f"localhost:{port}" for port in free_ports(2)]
    processes = [
        start(
            "on_workers.py",
            TF_CONFIG=json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}),
        )
        for index in range(2)
    ]
    try:
        return [results(process) for process in processes]
    finally:
        for process in processes:
            process.kill()
