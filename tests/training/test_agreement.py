"""Two real processes decide together."""

import json
import os
import socket
import subprocess
import sys

import pytest
import tensorflow as tf

from keras_vae.training.agreement import any_worker, worker_count

WORKER = """
import json, os
import tensorflow as tf
from keras_vae.training.agreement import any_worker, worker_count
strategy = tf.distribute.MultiWorkerMirroredStrategy()
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
found = [any_worker(strategy, flags) for flags in ([index == 0, False], [False, index == 1], [False, False])]
print(json.dumps([worker_count(strategy), strategy.extended.should_checkpoint, found]))
"""


def test_one_process_agrees_with_itself():
    for strategy in (tf.distribute.get_strategy(), tf.distribute.OneDeviceStrategy("CPU:0")):
        assert worker_count(strategy) == 1
        assert any_worker(strategy, (True, False)) == [True, False]
        assert strategy.extended.should_checkpoint


@pytest.mark.slow
def test_what_one_worker_asks_for_both_do():
    with socket.socket() as one, socket.socket() as two:
        for free in (one, two):
            free.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{free.getsockname()[1]}" for free in (one, two)]
    processes = []
    for index in range(2):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(task), "CUDA_VISIBLE_DEVICES": ""}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", WORKER],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    said = [process.communicate(timeout=120) for process in processes]
    for index, (output, errors) in enumerate(said):
        assert output, errors
        # The first worker is the chief, which alone writes.
        assert json.loads(output) == [2, index == 0, [[True, False], [False, True], [False, False]]]
