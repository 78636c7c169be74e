"""MIG of representations whose mutual information with the factors is known."""

import itertools

import numpy as np
import pytest
from scipy import integrate, special, stats

from keras_vae.evaluation.mutual_information_gap import gap_of_latents, mutual_information_gap
from keras_vae.random.noise import EVALUATION, normal

VALUES = np.array(list(itertools.product(range(2), range(3), range(4))))
FACTORS = {"two": VALUES[:, 0], "three": VALUES[:, 1], "four": VALUES[:, 2]}


def repeated(count):
    return np.repeat(VALUES, count, axis=0), {name: np.repeat(factor, count) for name, factor in FACTORS.items()}


def test_a_perfect_representation_has_gap_one():
    """Each factor in a dimension of its own, in any order, beside dimensions of no use."""
    means = np.concatenate([VALUES[:, [2, 0, 1]], np.zeros([24, 2])], axis=1)
    found = gap_of_latents(means, np.full(means.shape, 0.02), FACTORS)
    assert found["mig"] == pytest.approx(1, abs=1e-5)
    assert found["gaps"] == pytest.approx({"two": 1, "three": 1, "four": 1}, abs=1e-5)
    assert found["entropy"] == pytest.approx({"two": np.log(2), "three": np.log(3), "four": np.log(4)})
    assert found["mutual_information"]["three"] == pytest.approx([0, 0, np.log(3), 0, 0], abs=1e-5)


def test_a_useless_representation_has_gap_zero():
    found = gap_of_latents(np.zeros([24, 3]), np.ones([24, 3]), FACTORS)
    assert found["mig"] == pytest.approx(0, abs=1e-6)
    assert all(abs(value) < 1e-6 for row in found["mutual_information"].values() for value in row)


def test_a_factor_spread_over_two_dimensions_has_gap_zero():
    """Rotated by 45 degrees, both dimensions know the same of both factors."""
    two = VALUES[:, [0, 1]]
    means = two @ np.array([[1, 1], [-1, 1]])  # -1, 0, 1 and 2: sums and differences
    found = gap_of_latents(means, np.full(means.shape, 0.01), {"two": FACTORS["two"], "three": FACTORS["three"]})
    assert found["mig"] == pytest.approx(0, abs=1e-5)
    assert min(found["mutual_information"]["three"]) > 0.5


def test_noisy_dimensions_against_quadrature():
    """Two dimensions that tell a factor of two values through noise of known sizes."""
    values, factors = repeated(100)
    scales = np.array([0.4, 1.0])
    found = gap_of_latents(values[:, [0, 0]], np.broadcast_to(scales, [len(values), 2]), factors, seed=1)

    def information(scale):
        def integrand(z):
            given = stats.norm.pdf(z, [0, 1], scale)
            return np.mean(special.xlogy(given, given) - special.xlogy(given, given.mean()))

        return integrate.quad(integrand, -12, 13, limit=200)[0]

    expected = [information(scale) for scale in scales]
    assert found["mutual_information"]["two"] == pytest.approx(expected, abs=0.03)
    assert found["gaps"]["two"] == pytest.approx((expected[0] - expected[1]) / np.log(2), abs=0.04)
    assert found["gaps"]["four"] == pytest.approx(0, abs=0.03)


def test_against_the_definition_in_numpy():
    """Chen et al. 2018, equation 5, written out, on unequal classes."""
    draw = np.random.default_rng(0)
    means, stddevs = draw.normal(size=[30, 3]), draw.uniform(0.2, 1.0, [30, 3])
    factor = draw.integers(0, 4, 30)
    found = gap_of_latents(means, stddevs, {"it": factor}, seed=7)
    z = means + stddevs * normal(7, EVALUATION, 0, [30, 3]).numpy()
    density = stats.norm.pdf(z[:, None], means, stddevs)
    information = np.zeros(3)
    for image in range(30):
        same = factor == factor[image]
        information += np.log(density[image, same].mean(0) / density[image].mean(0)) / 30
    shares = np.bincount(factor) / 30
    entropy = -np.sum(shares * np.log(shares))
    assert found["mutual_information"]["it"] == pytest.approx(information.tolist(), abs=1e-5)
    assert found["entropy"]["it"] == pytest.approx(entropy)
    assert found["mig"] == pytest.approx((np.sort(information)[-1] - np.sort(information)[-2]) / entropy, abs=1e-5)


@pytest.mark.parametrize(("stddev", "share"), [(0.001, 0.42), (0.3, 0.0)])
def test_a_gap_by_chance_is_told(stddev, share):
    """A nuisance of narrow posteriors: no dimension knows the factor, yet few posteriors meet at a latent."""
    factor = np.arange(2400) % 3
    means = np.stack([np.random.default_rng(0).normal(size=2400), np.zeros(2400)], axis=1)
    found = gap_of_latents(means, np.tile([stddev, 1.0], [2400, 1]), {"it": factor})
    assert found["mig"] == pytest.approx(share, abs=0.02)  # 0 is true
    assert found["by_chance"]["it"] == pytest.approx(share, abs=0.02)


def test_a_model_is_warned_of_gaps_by_chance(small_vae):
    kernel, _ = small_vae.encoder.layers[-1].get_weights()
    small_vae.encoder.layers[-1].set_weights([kernel * [1, 1, 0, 0], np.array([0, 0, -16, -16])])  # narrow posteriors
    x = np.random.default_rng(0).uniform(size=[40, 2, 2, 1]).astype("float32")
    with pytest.warns(UserWarning, match=r"by_chance is \d\.\d\d of factor 'it'") as caught:
        found = mutual_information_gap(small_vae, x, {"it": np.arange(40) % 2}, seed=3)
    assert found["by_chance"]["it"] > 0.9
    assert "\n" not in str(caught[0].message)


def test_a_model_is_judged_by_its_posteriors(small_vae):
    x = np.random.default_rng(0).uniform(size=[40, 2, 2, 1]).astype("float32")
    factors = {"bright": (x.mean((1, 2, 3)) > 0.5).astype(int)}
    posterior = small_vae.encode(x)
    expected = gap_of_latents(posterior.mean(), posterior.stddev(), factors, seed=3)
    found = mutual_information_gap(small_vae, x, factors, seed=3, batch_size=7)
    assert found["mig"] == pytest.approx(expected["mig"], abs=1e-4)
    assert 0 <= found["mig"] <= 1


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ({}, "factors is empty"),
        ({"a": np.zeros(24, int)}, "factor 'a' has one value only"),
        ({"a": np.arange(23)}, r"factor 'a' is int64 of shape \[23\]: expected integers \[24\]"),
        ({"a": np.linspace(0, 1, 24)}, "factor 'a' is float64"),
    ],
)
def test_refuses_factors_that_do_not_fit(factors, message):
    with pytest.raises(ValueError, match=message) as caught:
        gap_of_latents(VALUES, np.ones(VALUES.shape), factors)
    assert "\n" not in str(caught.value)


def test_refuses_a_single_dimension():
    with pytest.raises(ValueError, match="latent_dim is 1: expected at least 2"):
        gap_of_latents(VALUES[:, :1], np.ones([24, 1]), FACTORS)
