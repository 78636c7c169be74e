import numpy as np
import pytest

from keras_vae.data.factors import load_factors
from keras_vae.data.load import is_path, load_arrays, load_dataset
from keras_vae.data.shapes import FACTORS, SIDE, all_factors, draw


@pytest.fixture(scope="module")
def drawn():
    return all_factors(), np.stack([draw(factors) for factors in all_factors()])


def test_no_two_images_are_equal_and_none_is_cut_off(drawn):
    _, images = drawn
    assert images.shape == (7680, SIDE, SIDE, 1)
    assert set(np.unique(images)) == {0, 255}
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == 7680
    border = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    assert not np.any(border)


def test_each_factor_does_what_its_name_says(drawn):
    factors, images = drawn
    inside = images[..., 0] / 255
    area = inside.sum((1, 2))
    pixel = np.arange(SIDE) + 0.5
    centre_x, centre_y = (inside.sum(axis) @ pixel / area for axis in (1, 2))
    by_name = dict(zip(FACTORS, factors.T, strict=True))
    for centre, name in ((centre_x, "label_x_position"), (centre_y, "label_y_position")):
        means = [centre[by_name[name] == place].mean() for place in range(8)]
        np.testing.assert_allclose(np.diff(means), (22.9 - 9.2) / 7, atol=0.15)
    # the area of a square of half side 0.75 r, of an ellipse of half axes r and r / 2
    for shape, unit in ((0, 2.25), (1, np.pi / 2)):
        for scale, radius in enumerate(np.linspace(4.4, 7.6, 5)):
            chosen = (by_name["label"] == shape) & (by_name["label_scale"] == scale)
            assert area[chosen].mean() == pytest.approx(unit * radius**2, rel=0.03)
    # the ellipse's long axis, from its second moments: 0 to 79 degrees
    chosen = by_name["label"] == 1
    x, y = pixel - centre_x[chosen, None], pixel - centre_y[chosen, None]
    weight = inside[chosen] / area[chosen, None, None]
    xx = np.einsum("nij,nj,nj->n", weight, x, x)
    yy, xy = np.einsum("nij,ni,ni->n", weight, y, y), np.einsum("nij,ni,nj->n", weight, y, x)
    angle = np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy))
    error = angle - by_name["label_orientation"][chosen] * 90 / 8
    assert np.abs(error).max() < 6


def test_it_is_read_like_any_dataset_its_factors_in_the_same_order(drawn):
    _, images = drawn
    read, found = load_arrays("shapes", "train+test"), load_factors("shapes", "train+test")
    assert list(found) == list(FACTORS)
    together = np.stack(list(found.values()), axis=1)
    assert len(np.unique(together, axis=0)) == len(read) == 7680
    place = np.ravel_multi_index(together.T, [len(values) for values in FACTORS.values()])
    np.testing.assert_array_equal(read.images, images[place])
    np.testing.assert_array_equal(read.labels, found["label"])
    assert read.class_names == ("square", "ellipse", "heart")
    test = load_factors("shapes", "test")
    assert {name: len(factor) for name, factor in test.items()} == dict.fromkeys(FACTORS, 768)
    batch, labels = next(iter(load_dataset("shapes", "test", batch_size=8, labels=True)))
    np.testing.assert_array_equal(labels, test["label"][:8])
    np.testing.assert_array_equal(batch, load_arrays("shapes", "test").images[:8] / 255)
    assert not is_path("shapes")


def test_over_all_images_the_factors_are_independent(drawn):
    factors, _ = drawn
    for first in range(5):
        for second in range(first):
            counts = np.histogram2d(*factors[:, [first, second]].T, bins=[factors[:, first].max() + 1, 8])[0]
            assert len(np.unique(counts[counts > 0])) == 1


def test_factors_of_other_datasets():
    assert list(load_factors("digits", "test")) == ["label"]
    with pytest.raises(ValueError, match=r"dataset is 'shpes': expected .*; .*shapes"):
        load_factors("shpes")
    with pytest.raises(ValueError, match="split is 'valid', which is not a split of dataset 'shapes': expected"):
        load_factors("shapes", "valid")
