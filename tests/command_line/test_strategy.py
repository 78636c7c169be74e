"""`keras-vae train --strategy` and `--precision` : mistakes, in this process; what it does is in test_workers.py."""

import json
import socket

import pytest
import tensorflow as tf


def config(**task):
    workers = ["localhost:1", "localhost:2"]
    return json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": 0, **task}})


MISTAKES = {
    "unknown strategy": (["--strategy", "mirored"], None, "'mirrored'"),
    "unknown precision": (["--precision", "float16"], None, "'mixed_float16'"),
    "nothing to split for": (["--virtual-devices", 2], None, "--virtual-devices is 2 with --strategy auto: expected"),
    "split too late": (["--strategy", "mirrored", "--virtual-devices", 2], None, "after TensorFlow found its devices"),
    "too many": (
        ["--strategy", "mirrored", "--virtual-devices", 100_000],
        None,
        "'--virtual-devices': 100000 is not in the range 1<=x<=64",
    ),
    "no TF_CONFIG": (["--strategy", "multi_worker"], "", "TF_CONFIG is not set"),
    "no JSON": (["--strategy", "multi_worker"], "{", "TF_CONFIG is {, which is not JSON"),
    "index out of range": (["--strategy", "multi_worker"], config(index=2), "0 to 1 are workers"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_leaves_nothing(keras_vae, tmp_path, monkeypatch, mistake):
    arguments, tf_config, named = MISTAKES[mistake]
    if tf_config is not None:
        monkeypatch.setenv("TF_CONFIG", tf_config)
    tf.config.list_logical_devices()  # TensorFlow has begun
    status, _, error = keras_vae("train", *arguments, "--output", tmp_path / "run")
    assert status == 2
    assert len(error.splitlines()) == 1
    assert named in error
    assert list(tmp_path.iterdir()) == []


def test_a_worker_index_that_another_process_has_is_a_port_in_use(keras_vae, tmp_path, monkeypatch):
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        listener.listen()
        address = f"localhost:{listener.getsockname()[1]}"
        cluster = {"cluster": {"worker": [address]}, "task": {"type": "worker", "index": 0}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
        status, printed, error = keras_vae("train", "--strategy", "multi_worker", "--output", tmp_path / "run")
    assert status == 2
    assert printed == f"worker 0 of 1, at {address}: waiting for all of {address}\n"
    assert "is in use on this machine" in error
    assert "or a worker with the same task.index" in error
    assert len(error.splitlines()) == 1
