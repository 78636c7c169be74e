"""Images that do not fit in memory: the same bits from a file, prepared once, whatever happens meanwhile."""

import dataclasses
import json
import os
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_vae.data import prepared_file
from keras_vae.data.cache import cache_folder
from keras_vae.data.folder import load as folder_load
from keras_vae.data.load import load_arrays, load_dataset
from keras_vae.data.pipeline import build_pipeline
from keras_vae.data.prepared_file import Block, PreparedFile
from keras_vae.multi_device.sharding import shards_of_worker

NO_MEMORY = 1e-9  # gigabytes


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/keras_vae/images"


@pytest.fixture
def pictures(tmp_path):
    """Sixty pictures of two classes, some of another size."""
    rng = np.random.default_rng(0)
    for number in range(60):
        path = tmp_path / f"pictures/{'ab'[number % 2]}/{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        side = 12 if number % 7 == 0 else 8
        Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8)).save(path)
    return tmp_path / "pictures"


@pytest.fixture
def numpy_file(tmp_path):
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (50, 6, 7, 3), np.uint8))
    return tmp_path / "images.npy"


@pytest.fixture(params=["folder", "numpy", "digits"])
def source(request, pictures, numpy_file):
    return {"folder": pictures, "numpy": numpy_file, "digits": "digits"}[request.param]


def both(source, **options):
    return (load_arrays(source, image_size=8, memory_budget=budget, **options) for budget in (None, NO_MEMORY))


def assert_same(one, other):
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.class_names == other.class_names
    assert one.digest() == other.digest()


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_file_holds_what_memory_would(source, split):
    held, mapped = both(source, split=split)
    assert (held.mapping, type(mapped.mapping).__name__) == (None, "mmap")
    assert_same(held, mapped)


@pytest.mark.parametrize("binarize", ["none", "static", "dynamic"])
def test_epochs_are_the_same_from_a_file(pictures, binarize):
    held, mapped = (
        build_pipeline(arrays, batch_size=16, binarize=binarize, seed=3, labels=True) for arrays in both(pictures)
    )
    for _ in range(2):
        for (images, labels), (same_images, same_labels) in zip(held, mapped, strict=True):
            np.testing.assert_array_equal(images, same_images)
            np.testing.assert_array_equal(labels, same_labels)


def test_the_file_is_found_again_without_a_look_at_the_images(pictures, monkeypatch):
    first = load_arrays(pictures, memory_budget=NO_MEMORY)

    def refuse(*_):
        raise AssertionError("was read again")

    for name in ("read_pixels", "read_headers"):
        monkeypatch.setattr(folder_load, name, refuse)
    assert_same(load_arrays(pictures, memory_budget=NO_MEMORY), first)


def test_a_source_that_changed_is_prepared_anew_and_the_old_file_goes(pictures, cache):
    load_arrays(pictures, memory_budget=NO_MEMORY)
    Image.new("RGB", (8, 8), "red").save(pictures / "a/99.png")
    again = load_arrays(pictures, "train", memory_budget=NO_MEMORY)
    assert_same(again, load_arrays(pictures, "train"))
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 1


def test_a_picture_that_changes_while_it_is_read_is_told(pictures, monkeypatch):
    read = folder_load.read_pixels

    def read_and_change(path, *rest):
        pixels = read(path, *rest)
        Image.new("RGB", (8, 8)).save(path)
        return pixels

    monkeypatch.setattr(folder_load, "read_pixels", read_and_change)
    with pytest.raises(ValueError, match=r"\.png has changed while folder .* was read: expected it to stay; read it"):
        load_arrays(pictures, memory_budget=NO_MEMORY)


@pytest.mark.parametrize("damage", ["cut short", "no labels", "no description", "another description"])
def test_a_damaged_file_is_made_anew(pictures, cache, damage):
    whole = load_arrays(pictures, memory_budget=NO_MEMORY)
    images, labels, digest = np.array(whole.images), whole.labels, whole.digest()
    (place,) = (path for path in cache.iterdir() if path.is_dir())
    if damage == "cut short":
        content = (place / "images.uint8").read_bytes()
        (place / "images.uint8").unlink()  # the mapping above keeps the whole one
        (place / "images.uint8").write_bytes(content[:-1])
    elif damage == "no labels":
        (place / "labels.int32").unlink()
    elif damage == "no description":
        (place / "about.json").write_text("[]")
    else:
        about = json.loads((place / "about.json").read_text())
        (place / "about.json").write_text(json.dumps({**about, "shape": [1, 2, 3, 3]}))
    again = load_arrays(pictures, memory_budget=NO_MEMORY)
    np.testing.assert_array_equal(again.images, images)
    np.testing.assert_array_equal(again.labels, labels)
    assert again.digest() == digest


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")


def interrupted(write):
    with pytest.raises(KeyboardInterrupt):
        write(interrupt)


def interrupt():
    raise KeyboardInterrupt


def killed(write):
    """In a process of its own, by kill -9."""
    child = os.fork()
    if not child:
        write(lambda: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize("ended", [interrupted, pytest.param(killed, marks=needs_fork)])
def test_a_preparation_cut_short_goes_on_where_it_was(ended):
    images = np.random.default_rng(0).integers(0, 256, (10, 2, 3, 1), np.uint8)
    begun = []

    def blocks(start, end_at=None, end=None):
        begun.append(start)
        for first in range(start, 10, 2):
            if first == end_at:
                end()
            failed = {"seventh": "cut short"} if first == 6 else {}
            kept = [number for number in (first, first + 1) if number != 7]
            yield Block(images[kept], kept, first + 2, failed)

    def prepared():
        return PreparedFile({"made": "here"}, 1)

    for end_at in (2, 8):
        ended(lambda end, at=end_at: prepared().write(10, (2, 3, 1), lambda start: blocks(start, at, end), {}))
        assert prepared().read() is None
    with (prepared()._beside / "images.uint8").open("ab") as file:
        file.write(b"of a block that was not ended")
    found = prepared().write(10, (2, 3, 1), blocks, {"told": True})
    assert begun == ([0, 2, 8] if ended is interrupted else [8])
    np.testing.assert_array_equal(found.arrays.images, np.delete(images, 7, axis=0))
    assert found.arrays.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert (found.failed, found.facts) == ({"seventh": "cut short"}, {"told": True})
    assert found.arrays.digest() == dataclasses.replace(found.arrays, sha256=None).digest()


@pytest.mark.parametrize("lost", ["images", "progress"])
def test_what_a_power_cut_took_is_made_anew(lost):
    images = np.arange(24, dtype=np.uint8).reshape(4, 2, 3, 1) + 1

    def blocks(start, stop=4):
        for first in range(start, stop, 2):
            yield Block(images[first : first + 2], None, first + 2)
        if stop < 4:
            raise KeyboardInterrupt

    file = PreparedFile({"made": "here"}, 1)
    with pytest.raises(KeyboardInterrupt):
        file.write(4, (2, 3, 1), lambda start: blocks(start, 2), {})
    if lost == "images":
        (file._beside / "images.uint8").write_bytes(b"")
    else:
        (file._beside / "progress.json").write_text("[]")
    np.testing.assert_array_equal(file.write(4, (2, 3, 1), blocks, {}).arrays.images, images)


def test_unreadable_pictures_are_remembered(pictures):
    (pictures / "a/00.png").write_bytes(b"\x89PNG cut short")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^1 of \d+ images of folder .* cannot be read \(.*00\.png: "):
            load_arrays(pictures, "train+test", memory_budget=NO_MEMORY)
    held, mapped = both(pictures, split="train+test", skip_corrupt=True)
    assert len(mapped) == 59
    assert_same(held, mapped)


def test_a_cache_without_room_is_told_before_anything_is_read(pictures, cache, monkeypatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(prepared_file.shutil, "disk_usage", lambda _: usage._replace(free=100))
    with pytest.raises(
        OSError, match=r"cannot hold .* GB .*0\.0 GB are free.*set XDG_CACHE_HOME .*--image-size"
    ) as told:
        load_arrays(pictures, memory_budget=NO_MEMORY)
    assert "\n" not in str(told.value)
    assert not [path for path in cache.iterdir() if path.is_dir()]


def test_a_cache_that_cannot_be_written_is_told(pictures, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    with pytest.raises(OSError, match=r"Not a directory\): expected a folder with room; set XDG_CACHE_HOME"):
        load_arrays(pictures, memory_budget=NO_MEMORY)
    load_arrays(pictures)  # which needs no cache


@pytest.mark.parametrize("budget", [0, -1, float("nan"), "much"])
def test_a_budget_that_is_none_is_refused(pictures, budget):
    with pytest.raises(ValueError, match=r"memory_budget is .*: expected a finite number above 0"):
        load_dataset(pictures, memory_budget=budget)
    assert not cache_folder().exists()


@pytest.mark.parametrize("workers", [2, 3])
def test_a_worker_reads_its_own_rows_alone(pictures, workers):
    arrays = load_arrays(pictures, memory_budget=NO_MEMORY)
    whole = np.concatenate([batch.numpy() for batch in build_pipeline(arrays, batch_size=10)])
    read = []

    class Counted(type(arrays)):
        def take(self, rows):
            read.append(len(rows))
            return super().take(rows)

    counted = Counted(**{field.name: getattr(arrays, field.name) for field in dataclasses.fields(arrays)})
    parts = []
    for worker in range(workers):
        context = tf.distribute.InputContext(workers, worker, num_replicas_in_sync=workers)
        before = sum(read)
        parts.append(list(shards_of_worker(build_pipeline(counted, batch_size=10), context)))
        own = sum(int(tf.reduce_sum(shard.own)) for _, shard in parts[-1])
        assert sum(read) - before == own
    assert sum(read) == len(arrays)
    joined = np.concatenate(
        [np.concatenate(images) for images in zip(*([i for i, _ in p] for p in parts), strict=True)]
    )
    np.testing.assert_array_equal(joined, whole)


def test_reading_leaves_no_pages_in_the_process(tmp_path):
    pixels = np.zeros((64, 512, 1024, 1), np.uint8)  # 32 MB
    np.save(tmp_path / "large.npy", pixels)
    arrays = load_arrays(tmp_path / "large.npy", "train", memory_budget=NO_MEMORY)
    taken = arrays.take(np.arange(len(arrays)))
    assert taken.nbytes == arrays.images.nbytes
    resident = 0
    with open("/proc/self/smaps") as maps:
        inside = False
        for line in maps:
            if "-" in line.split()[0] and not line[0].isupper():
                inside = "images.uint8" in line
            elif inside and line.startswith("Rss:"):
                resident += int(line.split()[1])
    assert resident < 1000  # kilobytes, of 29 MB
