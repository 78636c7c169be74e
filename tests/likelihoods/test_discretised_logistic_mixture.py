"""The discretised logistic mixture against a slow SciPy reference over all 256 levels."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logsumexp, softmax

from keras_vae.likelihoods import DiscretisedLogisticMixture

LEVELS = np.arange(256)


def level_probabilities(loc, scale):
    """P(level) of one discretised logistic, float64 `[256]`; tails by the survival function, which keeps them exact."""
    edges = np.concatenate([[-np.inf], LEVELS[:-1] + 0.5, [np.inf]])
    low, high = (stats.logistic(loc, scale).cdf(edges), stats.logistic(loc, scale).sf(edges))
    return np.where(edges[:-1] < loc, np.diff(low), -np.diff(high))


def slow(outputs, components):
    """Weights [K] and probabilities [C, K, 256] of one pixel, from its decoder outputs [C * 3K]."""
    split = outputs.reshape(-1, 3, components)
    spread = (2 * np.arange(components) + 1) / components - 1
    loc = 127.5 * (1 + split[:, 1] + spread)
    scale = 127.5 * np.exp(-7 + np.log1p(np.exp(split[:, 2] + 7)))
    table = np.array(
        [[level_probabilities(*at) for at in zip(*of, strict=True)] for of in zip(loc, scale, strict=True)]
    )
    return softmax(split[:, 0].mean(axis=0)), table


def distribution(outputs, components):
    return DiscretisedLogisticMixture(components)(tf.constant(outputs, tf.float32))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), components=st.integers(1, 4), channels=st.integers(1, 4))
def test_log_prob_against_scipy(seed, components, channels):
    rng = np.random.default_rng(seed)
    outputs = rng.normal(size=(2, 3, 1, 2, channels * 3 * components))
    levels = rng.integers(0, 256, (3, 1, 2, channels))
    found = distribution(outputs, components).log_prob(tf.constant(levels / 255, tf.float32))
    assert found.shape == (2, 3)
    expected = np.zeros((2, 3))
    for sample, image, row, column in np.ndindex(2, 3, 1, 2):
        weights, table = slow(outputs[sample, image, row, column], components)
        pixel = [table[channel, :, levels[image, row, column, channel]] for channel in range(channels)]
        expected[sample, image] += logsumexp(np.log(weights) + np.sum(np.log(pixel), axis=0))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("log_scale", [-30.0, -5.0, -1.0, 5.0])
def test_sums_to_one_over_all_levels(log_scale):
    outputs = np.random.default_rng(1).normal(size=(1, 1, 9))
    outputs[..., 6:] += log_scale
    x = tf.constant((LEVELS / 255).reshape(-1, 1, 1, 1), tf.float32)
    total = np.exp(distribution(outputs, 3).log_prob(x).numpy().astype(float)).sum()
    assert total == pytest.approx(1, abs=2e-4)


def test_colours_sum_to_one_and_depend():
    outputs = np.random.default_rng(2).normal(size=(1, 1, 18))
    p = distribution(outputs, 2)
    coarse = np.stack(np.meshgrid(LEVELS, [90], [200], indexing="ij"), axis=-1).reshape(-1, 1, 1, 3)
    weights, table = slow(outputs[0, 0], 2)
    given_others = np.exp(p.log_prob(tf.constant(coarse / 255, tf.float32)).numpy()).sum()
    assert given_others == pytest.approx((weights * table[1, :, 90] * table[2, :, 200]).sum(), rel=1e-3)
    product = (weights * table[1, :, 90]).sum() * (weights * table[2, :, 200]).sum()
    assert abs(given_others / product - 1) > 0.01


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("log_scale", [-300.0, -30.0, 40.0, 88.0, 89.0, 300.0])
def test_is_finite_whatever_the_scale_and_so_is_its_gradient(log_scale, linear):
    """Images of two levels drive the components that they do not need there."""
    likelihood = DiscretisedLogisticMixture(3, linear=linear)
    likelihood.build((2, 2, 3))
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(4, *likelihood.parameters_shape)).astype("float32")
    outputs[..., 6:9] += log_scale  # of the first channel
    x, at = tf.constant(rng.integers(0, 2, (4, 2, 2, 3)), tf.float32), tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(at)
        log_prob = likelihood(at).log_prob(x)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(tape.gradient(log_prob, at)).all()


WIDE = [(log_scale, 1e-5) for log_scale in (4.0, 6.0, 13.0, 40.0, 87.0, 200.0)]


@pytest.mark.parametrize(("log_scale", "within"), [(-30.0, 0.5 / 255), (-3.0, 1e-5), (0.0, 1e-4), *WIDE])
def test_mean_against_the_sum_over_levels(log_scale, within):
    outputs = 0.5 * np.random.default_rng(3).normal(size=(4, 4, 9))
    outputs[..., 6:] += log_scale
    mean = distribution(outputs, 3).mean().numpy()
    assert mean.min() >= 0
    assert mean.max() <= 1
    for place in np.ndindex(4, 4):
        weights, table = slow(outputs[place], 3)
        assert mean[place][0] == pytest.approx((weights * (table[0] @ LEVELS)).sum() / 255, abs=within + 2e-6)


def test_samples_are_bytes_with_the_probabilities():
    outputs = np.random.default_rng(4).normal(size=(1, 1, 18)) - np.repeat([0, 0, 1], 2).tolist() * 3
    samples = distribution(outputs, 2).sample(4000, seed=1).numpy()
    assert DiscretisedLogisticMixture().is_likelihood_of(tf.constant(samples))
    levels = np.round(samples * 255).astype(int)[:, 0, 0]
    weights, table = slow(outputs[0, 0], 2)
    for channel in range(3):
        expected = np.cumsum(weights @ table[channel])
        found = np.searchsorted(np.sort(levels[:, channel]), LEVELS, side="right") / len(levels)
        assert np.abs(found - expected).max() < 1.95 / np.sqrt(len(levels))  # Kolmogorov's bound at 1e-3


def test_every_output_gets_a_finite_gradient():
    outputs = tf.constant(np.random.default_rng(5).normal(size=(4, 2, 2, 27)), tf.float32)
    levels = np.random.default_rng(6).choice([0, 1, 128, 254, 255], (4, 2, 2, 3))
    for scale in (1.0, 30.0):
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            p = DiscretisedLogisticMixture(3)(scale * outputs)
            value = tf.reduce_sum(p.log_prob(tf.constant(levels / 255, tf.float32)))
        gradient = tape.gradient(value, outputs).numpy()
        assert np.isfinite(gradient).all()
        assert np.all(np.any(gradient != 0, axis=(0, 1, 2)))


def test_a_mean_does_not_tell_the_distribution():
    with pytest.raises(ValueError, match="DiscretisedLogisticMixture has more parameters than its mean"):
        DiscretisedLogisticMixture().of_mean(tf.zeros([1, 2, 2, 1]))


def test_is_a_likelihood_of_bytes():
    likelihood = DiscretisedLogisticMixture()
    assert likelihood.is_likelihood_of(tf.constant(LEVELS / 255, tf.float32))
    assert not likelihood.is_likelihood_of(tf.constant(np.random.default_rng(0).random(100), tf.float32))


@pytest.mark.parametrize("components", [0, -1, 2.5, True])
def test_refuses_impossible_components(components):
    with pytest.raises(ValueError, match="components is"):
        DiscretisedLogisticMixture(components)


def linear(outputs, components, channels):
    likelihood = DiscretisedLogisticMixture(components, linear=True)
    likelihood.build((*outputs.shape[-3:-1], channels))
    assert likelihood.parameters_shape == outputs.shape[-3:]
    return likelihood(tf.constant(outputs, tf.float32))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_linear_channels_follow_those_before_them(channels):
    pairs = channels * (channels - 1) // 2
    rng = np.random.default_rng(7)
    outputs = rng.normal(size=(2, 3, 1, 2, 2 * (3 * channels + pairs)))
    levels = rng.integers(0, 256, (3, 1, 2, channels))
    found = linear(outputs, 2, channels).log_prob(tf.constant(levels / 255, tf.float32))
    expected = np.zeros((2, 3))
    for place in np.ndindex(2, 3, 1, 2):
        own, pixel = outputs[place][: 6 * channels].reshape(channels, 3, 2), levels[place[1:]]
        slopes = iter(outputs[place][6 * channels :].reshape(pairs, 2))
        means = 127.5 * (1 + own[:, 1] + [-0.5, 0.5])
        scales = 127.5 * np.exp(-7 + np.log1p(np.exp(own[:, 2] + 7)))
        log_weights = np.log(softmax(own[:, 0].mean(axis=0)))
        beside = pixel[:, None] - np.clip(means, 0, 255)
        for channel in range(channels):
            moved = means[channel] + sum((next(slopes) * beside[before] for before in range(channel)), np.zeros(2))
            tables = [level_probabilities(*at)[pixel[channel]] for at in zip(moved, scales[channel], strict=True)]
            log_weights = log_weights + np.log(tables)
        expected[place[:2]] += logsumexp(log_weights)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_linear_without_slopes_is_the_same():
    outputs = np.random.default_rng(8).normal(size=(4, 2, 2, 18))
    x = tf.constant(np.random.default_rng(9).integers(0, 256, (4, 2, 2, 3)) / 255, tf.float32)
    plain, with_slopes = distribution(outputs, 2), linear(np.pad(outputs, [(0, 0)] * 3 + [(0, 6)]), 2, 3)
    np.testing.assert_allclose(with_slopes.log_prob(x), plain.log_prob(x), rtol=1e-5)
    np.testing.assert_array_equal(with_slopes.mean(), plain.mean())


def test_linear_samples_follow_and_have_nearly_the_mean_that_is_shown():
    outputs = np.zeros((1, 1, 4 * 3))
    outputs[..., [2, 5, 8]], outputs[..., [9, 10, 11]] = -3.5, [0.9, -0.5, 0.3]  # log-scales; slopes 1|0, 2|0, 2|1
    p = linear(outputs, 1, 3)
    levels = 255 * p.sample(20_000, seed=3).numpy()[:, 0, 0]
    np.testing.assert_allclose(levels.mean(axis=0), 255 * p.mean().numpy()[0, 0], atol=0.5)
    cov = np.cov(levels.T)
    assert cov[0, 1] / cov[0, 0] == pytest.approx(0.9, abs=0.03)
    np.testing.assert_allclose(np.linalg.solve(cov[:2, :2], cov[:2, 2]), [-0.5, 0.3], atol=0.03)
    drawn = p.sample(300, seed=4)
    assert p.log_prob(drawn).numpy().mean() > distribution(outputs[..., :9], 1).log_prob(drawn).numpy().mean() + 0.1


def test_linear_comes_back_from_its_configuration():
    again = DiscretisedLogisticMixture.from_config(DiscretisedLogisticMixture(2, linear=True).get_config())
    assert (again.components, again.linear) == (2, True)
    former = {"name": "p", "trainable": True, "components": 2}  # of files of version 0.1.0
    assert not DiscretisedLogisticMixture.from_config(former).linear
    with pytest.raises(ValueError, match="linear is 1: expected True or False"):
        DiscretisedLogisticMixture(linear=1)
