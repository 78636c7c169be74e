"""A process by itself decides by itself; workers that decide together: tests/command_line/test_workers.py."""

import tensorflow as tf

from keras_vae.multi_device.collectives import any_worker, is_chief, worker_count


def test_one_process_agrees_with_itself():
    for strategy in (tf.distribute.get_strategy(), tf.distribute.OneDeviceStrategy("CPU:0")):
        assert worker_count(strategy) == 1
        assert any_worker(strategy, (True, False)) == [True, False]
        assert is_chief(strategy)
