"""Augmentation: what each name does, and that it is a function of (seed, split, epoch, row) alone."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae import load_dataset
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.load import load_arrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.multi_device.sharding import shards_of_worker

COUNT = 800


@pytest.fixture(scope="module")
def arrays():
    """Images without symmetry, 17 x 24 in colour: shifts of up to 2 and 3 pixels; the label is the row."""
    pixels = np.random.default_rng(0).integers(0, 256, [COUNT, 17, 24, 3], np.uint8)
    return ImageArrays(pixels, np.arange(COUNT, dtype=np.int32))


def epoch_of(dataset):
    """The images of one epoch by their rows, in bytes."""
    images, rows = (np.concatenate(part) for part in zip(*dataset.as_numpy_iterator(), strict=True))
    by_row = np.empty_like(images)
    by_row[rows] = images
    return np.rint(by_row * 255).astype(np.uint8)


def shifted(image, down, right):
    """The definition: pad with the border's pixels, and cut out what lies there now."""
    height, width, _ = image.shape
    padded = np.pad(image, [(height, height), (width, width), (0, 0)], mode="edge")
    return padded[height - down : 2 * height - down, width - right : 2 * width - right]


def offset(image, moved, down=2, right=3):
    """By how much an image was moved, or None."""
    offsets = [(y, x) for y in range(-down, down + 1) for x in range(-right, right + 1)]
    return next((each for each in offsets if (shifted(image, *each) == moved).all()), None)


def test_flip_exchanges_left_and_right_of_half(arrays):
    dataset = build_pipeline(arrays, labels=True, augment=["flip"])
    epochs = [epoch_of(dataset) for _ in range(2)]
    flips = []
    for images in epochs:
        flipped = (images == arrays.images[:, :, ::-1]).all((1, 2, 3))
        kept = (images == arrays.images).all((1, 2, 3))
        assert (flipped ^ kept).all()
        flips.append(flipped)
        assert abs(flipped.mean() - 0.5) < 4 * 0.5 / COUNT**0.5
    # anew every epoch: half of the images fall alike
    assert abs((flips[0] == flips[1]).mean() - 0.5) < 4 * 0.5 / COUNT**0.5


def test_shift_moves_by_up_to_an_eighth_each_way_alike_and_repeats_the_border(arrays):
    images = epoch_of(build_pipeline(arrays, labels=True, augment=["shift"]))
    offsets = [offset(*pair) for pair in zip(arrays.images, images, strict=True)]
    assert None not in offsets
    found, times = np.unique(offsets, axis=0, return_counts=True)
    assert found.min(0).tolist() == [-2, -3]
    assert found.max(0).tolist() == [2, 3]
    # chi-squared of 35 equally likely offsets: 5 standard deviations above its mean
    assert len(found) == 35
    expected = COUNT / 35
    assert ((times - expected) ** 2 / expected).sum() < 34 + 5 * np.sqrt(2 * 34)


def test_both_are_the_flip_and_then_the_shift_of_each_alone(arrays):
    alone = {name: epoch_of(build_pipeline(arrays, labels=True, augment=[name])) for name in ("flip", "shift")}
    both = epoch_of(build_pipeline(arrays, labels=True, augment="shift, flip"))
    offsets = [offset(*pair) for pair in zip(arrays.images, alone["shift"], strict=True)]
    for row, by in enumerate(offsets):
        np.testing.assert_array_equal(both[row], shifted(alone["flip"][row], *by))
    # where an image goes tells nothing of whether it is flipped
    flipped = (alone["flip"] != arrays.images).any((1, 2, 3))
    for direction in np.transpose(offsets):
        assert abs(np.corrcoef(direction, flipped)[0, 1]) < 4 / COUNT**0.5


def test_an_image_of_fewer_than_eight_pixels_a_side_is_not_moved():
    arrays = ImageArrays(
        np.random.default_rng(0).integers(0, 256, [50, 7, 5, 1], np.uint8), np.arange(50, dtype=np.int32)
    )
    np.testing.assert_array_equal(epoch_of(build_pipeline(arrays, labels=True, augment=["shift"])), arrays.images)


@pytest.mark.parametrize("binarize", ["none", "static", "dynamic"])
def test_it_depends_on_seed_split_epoch_and_row_alone(arrays, binarize):
    def make(arrays=arrays, **changes):
        options = {"seed": 3, "binarize": binarize, "labels": True, "augment": ("flip", "shift")}
        return build_pipeline(arrays, **{**options, **changes})

    dataset = make()
    epochs = [epoch_of(dataset) for _ in range(3)]
    again = make(batch_size=51)
    for epoch in epochs[:2]:
        np.testing.assert_array_equal(epoch_of(again), epoch)
    np.testing.assert_array_equal(epoch_of(make(first_epoch=2)), epochs[2])
    np.testing.assert_array_equal(epoch_of(dataset), epoch_of(make(first_epoch=3)))
    if binarize != "dynamic":  # whose draws are by position
        np.testing.assert_array_equal(epoch_of(make(shuffle=False)), epochs[0])
    elsewhere = ImageArrays(arrays.images, arrays.labels, None, "train[:99%]")
    others = [epochs[1], epoch_of(make(seed=4)), epoch_of(make(elsewhere)), epoch_of(make(augment=()))]
    for other in others:
        assert (other == epochs[0]).all((1, 2, 3)).mean() < 0.05


@pytest.mark.parametrize("binarize", ["static", "dynamic"])
def test_binary_pixels_stay_binary(arrays, binarize):
    images = epoch_of(build_pipeline(arrays, labels=True, binarize=binarize, augment="flip,shift"))
    assert set(np.unique(images)) == {0, 255}


def test_a_dynamic_draw_follows_the_augmentation():
    """Its probabilities are those of the pixels where they are now: what is black or white leaves nothing to chance."""
    pixels = np.random.default_rng(0).integers(0, 2, [200, 8, 8, 1], np.uint8) * 255
    arrays = ImageArrays(pixels, np.arange(200, dtype=np.int32))
    none, dynamic = (
        epoch_of(build_pipeline(arrays, labels=True, binarize=binarize, augment="flip,shift"))
        for binarize in ("none", "dynamic")
    )
    np.testing.assert_array_equal(none, dynamic)


@pytest.mark.parametrize(
    ("workers", "binarize", "labels"), [(2, "none", True), (3, "none", False), (3, "dynamic", True)]
)
def test_workers_put_together_see_what_one_sees(arrays, workers, binarize, labels):
    def make():
        return build_pipeline(arrays, batch_size=100, binarize=binarize, labels=labels, augment="flip,shift")

    whole = [tf.nest.flatten(batch)[0].numpy() for batch in make()]
    contexts = [tf.distribute.InputContext(workers, each, num_replicas_in_sync=workers) for each in range(workers)]
    shards = [shards_of_worker(make(), context) for context in contexts]
    for batch, *parts in zip(whole, *shards, strict=True):
        images = [tf.nest.flatten(part.batch)[0].numpy() for part in parts]
        np.testing.assert_array_equal(np.concatenate(images), batch)


def test_a_worker_reads_its_own_rows_alone(tmp_path):
    """And from a file what it sees from memory."""
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, [103, 8, 8, 1], np.uint8))
    memory, file = (load_arrays(tmp_path / "images.npy", memory_budget=budget) for budget in (None, 1e-9))
    read = []

    class Counted(type(file)):
        def take(self, rows):
            read.append(len(rows))
            return super().take(rows)

    counted = Counted(file.images, file.labels, file.class_names, file.split, file.mapping, file.sha256)
    batches, own = list(build_pipeline(memory, batch_size=10, augment="flip,shift")), 0
    for worker in range(2):
        context = tf.distribute.InputContext(2, worker, num_replicas_in_sync=2)
        shards = shards_of_worker(build_pipeline(counted, batch_size=10, augment="flip,shift"), context)
        for batch, (images, shard) in zip(batches, shards, strict=True):
            np.testing.assert_array_equal(images, batch[shard.first : shard.first + len(images)])
            own += len(images)
    assert sum(read) == own == len(file)


def test_images_by_name_take_it():
    augmented, plain = (next(iter(load_dataset("digits", augment=augment))) for augment in ("flip", ()))
    flipped = np.all(augmented == plain[:, :, ::-1], (1, 2, 3))
    assert 0.25 < flipped.mean() < 0.75
    assert (flipped | np.all(augmented == plain, (1, 2, 3))).all()


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        ("flip,shfit", r"^augment is 'shfit': expected one of flip, shift; did you mean 'shift'\?$"),
        (["flip", 3], r"^augment is 3: expected one of flip, shift; choose one of them$"),
        ("flip,", r"^augment is '': expected one of flip, shift; choose one of them$"),
        (True, r"^augment is True: expected names among flip, shift, such as \"flip,shift\"$"),
        (None, r"^augment is None: expected names among"),
    ],
)
def test_what_is_no_name_is_refused_before_anything_is_read(augment, message):
    with pytest.raises(ValueError, match=message):
        load_dataset("no such dataset", augment=augment)
