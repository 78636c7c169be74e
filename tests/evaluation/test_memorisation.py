"""The test for memorising, where it is known what was memorised, and its p-value against permutations."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_digits

from keras_vae.evaluation import memorisation as module
from keras_vae.evaluation.memorisation import memorisation, permutation_p_value


@pytest.fixture(scope="module")
def digits():
    """Real digits in a random order, cut into training, test and samples that are neither."""
    images = (load_digits().images[np.random.default_rng(0).permutation(1797), :, :, None] / 16).astype("float32")
    return images[:900], images[900:1200], images[1200:]


def test_fresh_images_are_no_copies(digits):
    training, test, fresh = digits
    found = memorisation(fresh, training, test)
    assert found.expected == 0.75
    assert found.nearer_to_training == pytest.approx(0.75, abs=0.06)
    assert found.p_value > 0.01
    assert found.copies < 0.04


def test_copies_are_found(digits):
    training, test, fresh = digits
    noise = np.random.default_rng(1).uniform(0, 0.1, [100, 8, 8, 1]).astype("float32")
    found = memorisation(np.clip(training[50:150] + noise, 0, 1), training, test)
    np.testing.assert_array_equal(found.nearest_training, np.arange(50, 150))
    assert found.nearer_to_training == 1
    assert found.p_value < 2e-4
    assert found.copies > 0.95
    some = np.concatenate([fresh[:300], training[:60]])
    found = memorisation(some, training, test)
    assert found.p_value < 1e-3
    assert found.copies == pytest.approx(60 / 360, abs=0.03)
    assert set(found.most_suspicious(60)) == set(range(300, 360))


def test_blur_is_no_memorising(digits):
    """Means are nearer to every image: the quantile is misled, the p-value is not."""
    training, test, fresh = digits
    blurred = np.stack([(fresh[i] + fresh[i + 1] + fresh[i + 2]) / 3 for i in range(len(fresh) - 2)])
    found = memorisation(blurred, training, test)
    assert found.p_value > 0.01


def test_the_test_images_themselves_are_no_copies(digits):
    training, test, _ = digits
    found = memorisation(test, training, test)
    assert found.nearer_to_training == 0
    assert found.p_value > 0.999
    assert found.test_distance.max() == pytest.approx(0, abs=1e-6)


def test_the_p_value_of_equal_weights_against_scipy():
    """One sample for each of some images: the number that are of training is hypergeometric."""
    draw = np.random.default_rng(0)
    for count in (20, 28, 35):
        nearest = np.concatenate([draw.permutation(60)[:count], 60 + draw.permutation(40)[: 40 - count]])
        expected = stats.hypergeom(100, 60, 40).sf(count - 1)
        assert permutation_p_value(nearest, np.full(40, 0.7), 60, 40, seed=1) == pytest.approx(expected, abs=0.015)


def test_the_p_value_is_uniform_where_nothing_was_memorised(monkeypatch):
    """Some images are the nearest of many samples and some weights are large: it must not be sure of itself."""
    monkeypatch.setattr(module, "PERMUTATIONS", 499)
    draw = np.random.default_rng(0)
    found = []
    for trial in range(60):
        nearest = draw.choice(80, p=draw.dirichlet(np.full(80, 0.3)), size=120)
        found.append(permutation_p_value(nearest, draw.exponential(size=120) ** 2, 50, 30, seed=trial))
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_where_every_image_weighs_the_same_nothing_is_told():
    assert permutation_p_value(np.arange(10), np.ones(10), 6, 4, seed=0) == 1


def test_distances_are_euclidean(digits):
    training, test, fresh = digits
    found = memorisation(fresh[:20], training, test)
    for nearest, distance, images in (
        (found.nearest_training, found.training_distance, training),
        (found.nearest_test, found.test_distance, test),
    ):
        all_distances = np.sqrt(((fresh[:20, None] - images[None]) ** 2).sum((2, 3, 4)))
        np.testing.assert_array_equal(nearest, all_distances.argmin(1))
        np.testing.assert_allclose(distance, all_distances.min(1), rtol=1e-5)


def test_refuses_images_of_other_shapes_or_ranges(digits):
    training, test, fresh = digits
    with pytest.raises(ValueError, match=r"the shape of test is \[3, 28, 28, 1\]: expected"):
        memorisation(fresh, training, np.zeros([3, 28, 28, 1], "float32"))
    with pytest.raises(ValueError, match=r"the pixels of training are .*divide by 255"):
        memorisation(fresh, training * 255, test)
