"""Strategies by name, in this process and its devices."""

import json

import pytest
import tensorflow as tf

from keras_vae.multi_device.collectives import assert_same_on_workers, failing_together
from keras_vae.multi_device.lost_worker import naming_lost_workers
from keras_vae.multi_device.sharding import check_batch_size, shard_dataset
from keras_vae.multi_device.strategies import get_strategy, split_processor


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"strategy is 'mirored': expected one of auto, .*; did you mean 'mirrored'\?"):
        get_strategy("mirored")


@pytest.mark.parametrize("name", ["auto", "one_device"])
def test_one_device_costs_nothing(name):
    if len(tf.config.list_logical_devices("GPU")) > 1 and name == "auto":
        pytest.skip("auto takes all GPUs")
    strategy = get_strategy(name)
    with strategy.scope():
        assert not tf.distribute.has_strategy()


def test_mirrored_takes_every_device():
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    assert get_strategy("mirrored").num_replicas_in_sync == len(devices)
    assert get_strategy("mirrored") is get_strategy("mirrored")


def test_several_workers_come_first_or_not_at_all(monkeypatch):
    tf.zeros([])
    config = {"cluster": {"worker": ["localhost:1"]}, "task": {"type": "worker", "index": 0}}
    with_port = json.dumps(config).replace(":1", f":{unused_port()}")
    monkeypatch.setenv("TF_CONFIG", with_port)
    with pytest.raises(ValueError, match="was requested after other TensorFlow operations: expected it first") as error:
        get_strategy("multi_worker")
    assert "\n" not in str(error.value)


def unused_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


def test_a_single_process_has_nothing_to_agree_on():
    assert_same_on_workers(tf.distribute.MirroredStrategy(["CPU:0"]), {"a": 1})


def test_a_batch_size_that_is_not_known_passes():
    check_batch_size(None, tf.distribute.MirroredStrategy(["CPU:0"]))


def test_a_lone_replica_has_whole_batches():
    data = tf.data.Dataset.zip(tf.data.Dataset.range(7), tf.data.Dataset.range(7)).batch(3)
    sharded = list(shard_dataset(data, tf.distribute.MirroredStrategy(["CPU:0"])))
    assert [batch[0].numpy().tolist() for batch, _ in sharded] == [[0, 1, 2], [3, 4, 5], [6]]
    assert all((first.numpy() == second.numpy()).all() for (first, second), _ in sharded)
    assert [(shard.first.numpy(), shard.total.numpy(), sum(shard.own.numpy())) for _, shard in sharded] == [
        (0, 3, 3),
        (0, 3, 3),
        (0, 1, 1),
    ]


def test_the_processor_is_split_first_or_not_at_all():
    tf.config.list_logical_devices()
    with pytest.raises(ValueError, match="after TensorFlow found its devices: expected the split before"):
        split_processor(2)
    with pytest.raises(ValueError, match="virtual devices is 100000: expected 1 to 64; lower it"):
        split_processor(100_000)
    with pytest.raises(ValueError, match="virtual devices is 0: expected 1 to 64; raise it"):
        split_processor(0)


def test_errors_of_a_lone_process_stay_what_they_are():
    alone = tf.distribute.get_strategy()
    with pytest.raises(OSError, match="full"), failing_together(alone):
        raise OSError("full")
    for strategy in (None, alone):
        with pytest.raises(tf.errors.UnavailableError), naming_lost_workers(strategy):
            raise tf.errors.UnavailableError(None, None, "Collective ops is aborted by: something else")
