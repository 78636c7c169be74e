import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from tests.fresh_process import FreshProcess


def numbered(count=1000, split="train", side=8):
    """Images in which a gray half tells nothing and the label is the position."""
    images = np.full([count, side, side, 1], 128, np.uint8)
    images[:, 0, 0, 0] = np.arange(count) % 256
    return ImageArrays(images, np.arange(count, dtype=np.int32), None, split)


def collect(dataset):
    images, labels = zip(*dataset.as_numpy_iterator(), strict=True)
    return np.concatenate(images), np.concatenate(labels)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("binarize", ["none", "static", "dynamic"])
@pytest.mark.parametrize("count", [1, 7, 1000])
def test_every_epoch_holds_every_image_once(shuffle, binarize, count):
    dataset = build_pipeline(numbered(count), batch_size=96, shuffle=shuffle, binarize=binarize, labels=True)
    assert len(dataset) == -(-count // 96)
    for _ in range(2):
        images, labels = collect(dataset)
        assert images.dtype == np.float32
        assert images.shape == (count, 8, 8, 1)
        assert sorted(labels) == list(range(count))
        if not shuffle:
            assert list(labels) == list(range(count))


def test_images_keep_their_labels_and_become_pixels_in_the_unit_interval():
    arrays = numbered()
    images, labels = collect(build_pipeline(arrays, labels=True))
    np.testing.assert_array_equal(images, arrays.images[labels].astype(np.float32) / 255)


def test_epochs_differ_and_are_a_function_of_seed_and_epoch():
    def make(seed=5, **changes):
        return build_pipeline(numbered(), labels=True, binarize="dynamic", seed=seed, **changes)

    dataset = make()
    epochs = [collect(dataset) for _ in range(3)]
    again = make(batch_size=7)
    for images, labels in epochs:
        same_images, same_labels = collect(again)
        np.testing.assert_array_equal(labels, same_labels)
        np.testing.assert_array_equal(images, same_images)
    np.testing.assert_array_equal(epochs[2][0], collect(make(first_epoch=2))[0])
    assert (epochs[0][1] == epochs[1][1]).mean() < 0.02
    assert (epochs[0][1] == collect(make(seed=6))[1]).mean() < 0.02


def test_dynamic_draws_change_every_epoch_and_static_draws_do_not():
    def two_epochs(binarize, split="test"):
        dataset = build_pipeline(numbered(split=split), labels=True, binarize=binarize)
        return collect(dataset)[0], collect(dataset)[0]

    first, second = two_epochs("dynamic")
    assert abs((first == second).mean() - 0.5) < 0.03
    assert set(np.unique(first)) == {0, 1}
    static, again = two_epochs("static")
    np.testing.assert_array_equal(static, again)
    # gray 128 in 63 pixels of 64
    assert abs(static.mean() - 128 / 255) < 0.01


def test_the_test_split_has_draws_of_its_own():
    for binarize in ("static", "dynamic"):
        train, test = (
            collect(build_pipeline(numbered(split=split), labels=True, binarize=binarize, shuffle=False))[0]
            for split in ("train", "test")
        )
        assert abs((train == test).mean() - 0.5) < 0.03


def print_a_digest():
    arrays = ImageArrays(np.full([300, 4, 4, 1], 128, np.uint8), np.arange(300, dtype=np.int32))
    digest = hashlib.sha256()
    dataset = build_pipeline(arrays, batch_size=64, seed=9, labels=True, binarize="dynamic")
    for _ in range(2):
        for images, labels in dataset.as_numpy_iterator():
            digest.update(images.tobytes() + labels.tobytes())
    print(digest.hexdigest())


def test_another_process_sees_the_same_epochs(capsys):
    status, printed, errors = FreshProcess(print_a_digest).ended()
    assert status == 0, errors
    print_a_digest()
    assert len(printed.strip()) == 64
    assert printed == capsys.readouterr().out


def test_the_order_is_a_fair_permutation():
    positions = np.zeros([10, 10])
    dataset = build_pipeline(numbered(10), labels=True, batch_size=10)
    epochs = 100
    for _ in range(epochs):
        labels = collect(dataset)[1]
        positions[labels, np.arange(10)] += 1
    # chi-squared with 81 degrees of freedom: 5 standard deviations above its mean
    statistic = ((positions - epochs / 10) ** 2 / (epochs / 10)).sum()
    assert statistic < 81 + 5 * np.sqrt(2 * 81)


def test_drop_remainder_gives_full_batches_only():
    dataset = build_pipeline(numbered(100), batch_size=32, drop_remainder=True, binarize="dynamic")
    assert len(dataset) == 3
    assert [batch.shape for batch in dataset.as_numpy_iterator()] == [(32, 8, 8, 1)] * 3
    assert dataset.element_spec.shape == (32, 8, 8, 1)


def test_nothing_is_tuned_while_it_runs():
    """Ending an iteration waits for tf.data's tuner, seconds at times, and an epoch is an iteration."""
    assert build_pipeline(numbered()).options().autotune.enabled is False


def test_keras_fits_on_it_epoch_by_epoch():
    seen = []

    class Watcher(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(), name="scale")

        def call(self, images):
            return images * self.scale

        def train_step(self, data):
            images, labels = data
            seen.append(labels.numpy())
            return {"loss": tf.reduce_mean(self(images))}

    dataset = build_pipeline(numbered(100), batch_size=40, labels=True, seed=2)
    model = Watcher()
    model.compile(run_eagerly=True)
    model.fit(dataset, epochs=2, verbose=0, shuffle=False)
    epochs = [np.concatenate(seen[:3]), np.concatenate(seen[3:])]
    assert all(sorted(epoch) == list(range(100)) for epoch in epochs)
    reference = build_pipeline(numbered(100), batch_size=40, labels=True, seed=2)
    orders = [list(collect(reference)[1]) for _ in range(2)]
    assert [list(epoch) for epoch in epochs] == orders[:2]


def test_mirrored_replicas_share_out_a_batch():
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        dataset = build_pipeline(numbered(50), batch_size=20, labels=True, shuffle=False)
    distributed = strategy.experimental_distribute_dataset(dataset)
    labels = [strategy.experimental_local_results(labels)[0].numpy() for _, labels in distributed]
    assert np.concatenate(labels).tolist() == list(range(50))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0: expected a whole number of at least 1"),
        ({"batch_size": 101, "drop_remainder": True}, "batch_size is 101 .*: expected at most 100, "),
        ({"binarize": "maybe"}, "binarize is 'maybe': expected one of none, "),
        ({"first_epoch": -1}, "first_epoch is -1: expected a whole number of at least 0"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        build_pipeline(numbered(100), **arguments)


def test_labels_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match="'train' has no classes: expected some; choose images with classes"):
        build_pipeline(ImageArrays(np.zeros([3, 2, 2, 1], np.uint8)), labels=True)
