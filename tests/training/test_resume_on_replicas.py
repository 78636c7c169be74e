"""On two replicas, of one process or of two, a resumed training ends bit for bit as the uninterrupted one."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("resume_on_replicas.py")


def start(folder, **environment):
    command = [sys.executable, str(SCRIPT), str(folder)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **environment}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def two_free_addresses():
    with socket.socket() as one, socket.socket() as two:
        for listener in (one, two):
            listener.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{listener.getsockname()[1]}" for listener in (one, two)]


def finish(processes):
    try:
        for process in processes:
            said, errors = process.communicate(timeout=200)
            assert said == "the same\n", errors
    finally:
        for process in processes:
            process.kill()


@pytest.mark.slow
def test_two_replicas_of_one_process(tmp_path):
    finish([start(tmp_path)])


@pytest.mark.slow
def test_two_processes(tmp_path):
    cluster = {"worker": two_free_addresses()}
    tasks = [{"cluster": cluster, "task": {"type": "worker", "index": index}} for index in range(2)]
    finish([start(tmp_path, TF_CONFIG=json.dumps(task)) for task in tasks])
