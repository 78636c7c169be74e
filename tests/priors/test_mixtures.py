"""The mixtures: densities against SciPy, choices against their formula, wrong arguments."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logsumexp

from keras_vae.priors import FixedMixture, GaussianMixture
from keras_vae.priors.mixture import Components, DiagonalMixture, choices, choices_numpy
from keras_vae.random.portable import latents_numpy, words_numpy


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), components=st.integers(1, 6), latent_dim=st.integers(1, 40), narrow=st.booleans())
def test_log_prob_against_scipy(seed, components, latent_dim, narrow):
    rng = np.random.default_rng(seed)
    weights, means = rng.dirichlet(np.ones(components)), 3 * rng.normal(size=(components, latent_dim))
    stddevs = (0.02 if narrow else 1.0) * np.exp(0.3 * rng.normal(size=(components, latent_dim)))
    means, stddevs = means.astype("float32"), stddevs.astype("float32")
    z = (means[rng.integers(0, components, (5, 3))] + rng.normal(size=(5, 3, latent_dim)) * stddevs[0]).astype(
        "float32"
    )
    p = DiagonalMixture.of(Components(*(tf.constant(each, tf.float32) for each in (np.log(weights), means, stddevs))))
    parts = stats.norm.logpdf(z[..., None, :], means.astype(float), stddevs.astype(float)).sum(axis=-1)
    np.testing.assert_allclose(p.log_prob(z), logsumexp(parts + np.log(weights), axis=-1), rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(p.mean(), weights @ means, rtol=1e-3, atol=1e-4)


def test_a_mixture_can_be_copied_and_sliced_like_any_distribution():
    p = DiagonalMixture.of(
        Components(
            tf.constant([0.0, 1.0]), tf.constant([[0.0, 1.0], [2.0, 3.0]]), tf.constant([[1.0, 0.5], [0.3, 2.0]])
        )
    )
    z = tf.constant([[0.5, 1.5], [-1.0, 4.0]])
    np.testing.assert_array_equal(p.copy().log_prob(z), p.log_prob(z))
    np.testing.assert_allclose(p[tf.newaxis].log_prob(z), p.log_prob(z), rtol=1e-5)


def test_a_choice_is_a_word_of_the_spare_column_and_uniform():
    for latent_dim in (3, 250, 251):  # the generator's stride changes there
        index = np.arange(300)
        found = choices(tf.constant(-9), tf.constant(index, tf.int32), latent_dim).numpy()
        np.testing.assert_array_equal(found, choices_numpy(-9, index, latent_dim))
    left, right = words_numpy(7, range(5000), [3])
    np.testing.assert_array_equal(choices_numpy(7, range(5000), 3), (left // 2 * 65536 + right)[:, 0])
    assert stats.kstest(choices_numpy(7, range(5000), 3) / 2**31, "uniform").pvalue > 1e-3
    latents = latents_numpy(7, range(5000), 3)
    for column in range(3):
        assert abs(np.corrcoef(choices_numpy(7, range(5000), 3), latents[:, column])[0, 1]) < 4 / np.sqrt(5000)


def test_components_are_drawn_by_their_weights():
    weights = np.array([0.05, 0.0, 0.6, 0.35])
    prior = FixedMixture.of_weights(weights, np.arange(4)[:, None], np.full((4, 1), 0.1))
    z = prior.sample_latents(tf.constant(1), tf.range(6000), tf.constant(0.0)).numpy().ravel()
    counts = np.bincount(z.round().astype(int), minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], 6000 * weights[[0, 2, 3]]).pvalue > 1e-3


def test_the_edges_of_the_choice():
    prior = FixedMixture([5, 2**31 - 1], [[0.0], [1.0], [2.0]], [[1.0], [1.0], [1.0]])
    z = prior.reparameterize(prior(), tf.zeros([4, 1]), tf.constant([0, 4, 5, 2**31 - 1]))
    assert z.numpy().ravel().tolist() == [0, 0, 1, 2]
    alone = FixedMixture([], [[3.0]], [[1.0]])
    z = alone.reparameterize(alone(), tf.ones([2, 1]), tf.constant([0, 2**31 - 1]))
    assert z.numpy().ravel().tolist() == [4, 4]


def test_needs_a_choice():
    prior = GaussianMixture(2)
    prior.build((2,))
    with pytest.raises(ValueError, match="choice is None"):
        prior.reparameterize(prior(), tf.zeros([1, 2]))


def test_learns_two_clusters():
    rng = np.random.default_rng(0)
    z = tf.constant(np.concatenate([rng.normal(-3, 0.5, (300, 1)), rng.normal(2, 1.0, (100, 1))]), tf.float32)
    prior, optimizer = GaussianMixture(2), keras.optimizers.Adam(0.1)
    prior.build((1,))
    weights = prior.trainable_weights
    optimizer.build(weights)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(prior().log_prob(z))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    for _ in range(200):
        step()
    order = np.argsort(prior.means.numpy().ravel())
    components = prior.components()
    np.testing.assert_allclose(components.means.numpy().ravel()[order], [-3, 2], atol=0.3)
    np.testing.assert_allclose(components.stddevs.numpy().ravel()[order], [0.5, 1.0], atol=0.2)
    np.testing.assert_allclose(tf.nn.softmax(components.logits).numpy()[order], [0.75, 0.25], atol=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [[0.0], [1.0]], [[1.0], [1.0]]), r"0 thresholds, means \(2, 1\)"),
        (([9, 5], np.zeros((3, 1)), np.ones((3, 1))), "thresholds are"),
        (([-1], np.zeros((2, 1)), np.ones((2, 1))), "thresholds are"),
        (([2**31 + 1], np.zeros((2, 1)), np.ones((2, 1))), "thresholds are"),
        (([5], np.zeros((2, 1)), np.zeros((2, 1))), "stddev is not above 0"),
        (([5], np.full((2, 1), np.nan), np.ones((2, 1))), "not finite"),
    ],
)
def test_refuses_impossible_mixtures(arguments, message):
    with pytest.raises(ValueError, match=message):
        FixedMixture(*arguments)


def test_refuses_weights_that_are_none_and_another_width():
    with pytest.raises(ValueError, match="weights are"):
        FixedMixture.of_weights([0.5, 0.6], np.zeros((2, 1)), np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"event_shape is \(3,\), but this FixedMixture belongs to a model of \(1,\)"):
        FixedMixture([], [[0.0]], [[1.0]]).build((3,))
    with pytest.raises(ValueError, match="components is 0"):
        GaussianMixture(0)
