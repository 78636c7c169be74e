import os

import numpy as np
from sklearn.datasets import load_digits

from keras_vae.data.digits import TEST_SIZE, Digits, stratified_test_indices
from keras_vae.data.load import load_arrays
from tests.fresh_process import FreshProcess


def test_the_split_is_scikit_learns_images_without_leakage():
    train, test = load_arrays("digits"), load_arrays("digits", "test")
    assert train.images.shape == (1437, 8, 8, 1)
    assert test.images.shape == (360, 8, 8, 1)
    assert train.class_names == tuple("0123456789")
    images, labels = load_digits(return_X_y=True)
    want = {(tuple(image), label) for image, label in zip(images.astype(int), labels, strict=True)}
    seen = [
        {(tuple(np.round(image.ravel() / 255 * 16).astype(int)), label) for image, label in zip(*pair, strict=True)}
        for pair in ((train.images, train.labels), (test.images, test.labels))
    ]
    assert seen[0] | seen[1] == want
    assert not {image for image, _ in seen[0]} & {image for image, _ in seen[1]}
    # stratified: the classes have the same shares to within one image
    share = np.bincount(labels) * TEST_SIZE / len(labels)
    assert np.abs(np.bincount(test.labels) - share).max() < 1


def test_equal_images_stay_out_of_the_test_split():
    images, labels = load_digits(return_X_y=True)
    images = images.astype(np.uint8).reshape(-1, 8, 8, 1)
    images[100:200] = images[0:100]
    test = stratified_test_indices(images, labels)
    assert len(test) == TEST_SIZE
    assert not set(test) & set(range(200))


def test_it_is_a_tfds_builder(tmp_path):
    builder = Digits(data_dir=tmp_path)
    builder.download_and_prepare()
    assert builder.info.splits["test[:50%]"].num_examples == 180
    assert builder.info.supervised_keys == ("image", "label")


def test_preparing_is_silent(capfd, tmp_path):
    load_arrays("digits", data_dir=tmp_path)
    assert capfd.readouterr() == ("", "")


def test_an_unwritable_folder_is_no_obstacle(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert len(load_arrays("digits", data_dir=tmp_path / "file" / "data")) == 1437


def print_the_sum():
    print(load_arrays("digits").images.sum())


def test_two_processes_may_prepare_it_at_once(tmp_path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "fresh")}
    processes = [FreshProcess(print_the_sum, environment=environment) for _ in range(2)]
    (first, printed, errors), (second, as_well, other_errors) = (process.ended() for process in processes)
    assert (first, second) == (0, 0), errors + other_errors
    assert printed == as_well == f"{load_arrays('digits').images.sum(dtype=np.uint64)}\n"
    assert not [path for path in (tmp_path / "fresh").rglob("*") if "incomplete" in path.name]
