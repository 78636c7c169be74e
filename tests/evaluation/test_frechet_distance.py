"""The Frechet distance against closed forms and SciPy; the classifier against its pinned file and test images."""

import hashlib
import os
import random
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from keras_vae.data.load import load_arrays
from keras_vae.evaluation import digit_classifier
from keras_vae.evaluation.digit_classifier import PINNED, digit_features, pinned_classifier
from keras_vae.evaluation.frechet_distance import frechet_distance, frechet_distance_of_features


@pytest.fixture(scope="module")
def digits():
    return {split: load_arrays("digits", split) for split in ("train", "test")}


def pixels(arrays):
    return arrays.images.astype("float32") / 255


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(2, 30))
def test_against_scipys_square_root(seed, width, count):
    draw = np.random.default_rng(seed)
    one, other = draw.normal(size=[count, width]) @ draw.normal(size=[width, width]), draw.normal(size=[40, width]) + 1
    covariances = [np.cov(each, rowvar=False).reshape(width, width) for each in (one, other)]
    # sqrtm warns of singular matrices, which few points make
    product = linalg.sqrtm(covariances[0] @ covariances[1] + 1e-12 * np.eye(width))
    expected = np.sum((one.mean(0) - other.mean(0)) ** 2) + np.trace(sum(covariances) - 2 * np.real(product))
    assert frechet_distance_of_features(one, other) == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert frechet_distance_of_features(other, one) == pytest.approx(frechet_distance_of_features(one, other), abs=1e-6)


def test_independent_normals_have_a_closed_form():
    """|m - m'|^2 + sum of (s - s')^2 where the covariances are diagonal."""
    base = linalg.hadamard(8)[:, 1:4].astype(float)  # uncorrelated columns of mean 0
    base /= base.std(0, ddof=1)
    one, other = base * [1, 2, 3] + [0, 1, 0], base * [2, 2, 0.5] + [3, 1, 1]
    assert frechet_distance_of_features(one, other) == pytest.approx(9 + 1 + 1 + 0 + 6.25, abs=1e-9)
    assert frechet_distance_of_features(one, one) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("one", "other"),
    [(np.zeros([1, 2]), np.zeros([5, 2])), (np.zeros([5, 2]), np.zeros([5, 3])), (np.zeros(5), np.zeros(5)),
     (np.full([5, 2], np.nan), np.zeros([5, 2]))],
    ids=["one point", "widths", "rank", "nan"],
)  # fmt: skip
def test_refuses_features_that_have_no_moments(one, other):
    with pytest.raises(ValueError, match=r"features are .*expected finite numbers") as caught:
        frechet_distance_of_features(one, other)
    assert "\n" not in str(caught.value)


def test_worse_digits_are_further_off(digits):
    train, test = pixels(digits["train"]), pixels(digits["test"])
    noise = np.random.default_rng(0).normal(size=test.shape).astype("float32")
    worse = [np.clip(test + scale * noise, 0, 1) for scale in (0.1, 0.3, 0.9)]
    distances = [frechet_distance(images, train) for images in (test, *worse)]
    assert distances == sorted(distances)
    assert distances[-1] > 20 * distances[0]
    ones_alone = test[digits["test"].labels == 1]
    assert frechet_distance(ones_alone, train) > 10 * distances[0]


def test_features_of_ones_own(digits):
    test = pixels(digits["test"])
    found = frechet_distance(test, 1 - test, features=lambda images: images.reshape(len(images), -1)[:, 20:24])
    flat = test.reshape(len(test), -1)[:, 20:24]
    assert found == pytest.approx(frechet_distance_of_features(flat, 1 - flat))


def test_images_of_another_shape_have_no_classifier():
    images = np.zeros([4, 16, 16, 3], "float32")
    with pytest.raises(ValueError, match=r"no classifier was trained for .*\(16, 16, 3\).*features=") as error:
        frechet_distance(images, images)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="others"):
        frechet_distance(images, np.zeros([4, 8, 8, 1], "float32"))


def test_the_digits_classifier_knows_its_test_images(digits):
    classifier = pinned_classifier((8, 8, 1))
    logits = np.asarray(classifier(pixels(digits["test"])))
    assert np.mean(logits.argmax(1) == digits["test"].labels) > 0.95
    features = digit_features(pixels(digits["test"]), batch_size=100)
    assert features.shape == (360, 64)
    assert features.min() >= 0
    kernel, bias = classifier.get_layer("logits").get_weights()
    np.testing.assert_allclose(features @ kernel + bias, logits, atol=1e-3)


@pytest.mark.mnist
def test_the_mnist_classifier_knows_its_test_images():
    folder = Path(os.environ.get("TFDS_DATA_DIR", "")) / "mnist"
    if not os.environ.get("TFDS_DATA_DIR") or not folder.is_dir():
        pytest.skip("TFDS_DATA_DIR does not hold MNIST as TFDS prepares it")
    test = load_arrays("mnist", "test[:2000]")
    logits = pinned_classifier((28, 28, 1)).predict(pixels(test), batch_size=500, verbose=0)
    assert np.mean(logits.argmax(1) == test.labels) > 0.97


def test_a_classifier_leaves_the_caller_s_random_state():
    pinned_classifier.cache_clear()
    before = np.random.get_state()[1].copy(), random.getstate()
    pinned_classifier((8, 8, 1))
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert random.getstate() == before[1]


@pytest.mark.parametrize("image_shape", sorted(PINNED))
def test_the_weights_are_small_and_pinned(image_shape, monkeypatch):
    dataset, digest = PINNED[image_shape]
    content = resources.files("keras_vae.evaluation").joinpath(f"{dataset}_classifier.npz").read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest
    assert len(content) < 200_000
    monkeypatch.setitem(digit_classifier.PINNED, image_shape, (dataset, "0" * 64))
    with pytest.raises(OSError, match=f"{dataset}_classifier.npz was changed: expected the file that was pinned"):
        pinned_classifier.__wrapped__(image_shape)
