"""The importance-weighted bound against log p(x), known exactly or by SciPy's quadrature."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats

from keras_vae.evaluation import importance
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.evaluation.importance import ImportanceWeightedBound
from keras_vae.models import scoring
from keras_vae.models.scoring import samples_at_a_time
from keras_vae.models.vae import VAE


def test_the_exact_posterior_gives_log_p_at_any_k(linear_gaussian):
    x = linear_gaussian.images(5)
    model = linear_gaussian.model()
    for samples in (1, 7):
        bound = ImportanceWeightedBound(model, samples)(tf.constant(x)).bound
        np.testing.assert_allclose(bound, linear_gaussian.log_evidence(x), atol=1e-4)
    assert evaluate(model, x, 500)["elbo"] == pytest.approx(linear_gaussian.log_evidence(x).mean(), abs=0.15)


def test_the_gap_of_the_elbo_is_the_divergence_and_closes_as_k_grows(linear_gaussian):
    shift, widen = 0.7, 2.0
    x, model = linear_gaussian.images(200), linear_gaussian.model(shift, widen)
    exact = linear_gaussian.log_evidence(x)
    gaps, errors = [], []
    for samples in (1, 10, 100, 1000):
        gap = exact - ImportanceWeightedBound(model, samples, seed=5)(tf.constant(x)).bound.numpy()
        gaps.append(gap.mean())
        errors.append(gap.std(ddof=1) / np.sqrt(len(x)))
    assert gaps[0] == pytest.approx(linear_gaussian.gap(shift, widen), abs=4 * errors[0])
    for tighter, looser, error in zip(gaps[1:], gaps, errors, strict=False):
        assert tighter < looser + 3 * error
    assert gaps[0] > 10 * abs(gaps[2])
    assert abs(gaps[3]) < 0.01
    assert all(gap > -4 * error for gap, error in zip(gaps, errors, strict=True))


def test_elbo_is_at_most_log_p(linear_gaussian):
    x = linear_gaussian.images(100)
    exact = linear_gaussian.log_evidence(x).mean()
    for shift, widen in ((0.3, 1.0), (0.0, 3.0), (-0.5, 0.4)):
        figures = evaluate(linear_gaussian.model(shift, widen), x, 200)
        assert figures["elbo"] < exact
        assert figures["elbo"] == pytest.approx(exact - linear_gaussian.gap(shift, widen), abs=0.05)
        assert figures["elbo"] < -figures["nll"] <= exact + 4 * figures["nll_standard_error"]


def test_a_bernoulli_decoder_against_quadrature():
    keras.utils.set_random_seed(1)
    wide = keras.initializers.RandomNormal(stddev=1.5)
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    decoder = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(5, "tanh", kernel_initializer=wide),
            keras.layers.Dense(4, kernel_initializer=wide),
            keras.layers.Reshape((2, 2, 1)),
        ]
    )
    w1, b1, w2, b2 = (weight.astype("float64") for weight in decoder.get_weights())
    x = np.array(list(itertools.product([0.0, 1.0], repeat=4)))

    def joint(z, pixels):
        logits = np.tanh(z * w1[0] + b1) @ w2 + b2
        return stats.norm.pdf(z) * np.prod(special.expit(np.where(pixels == 1, logits, -logits)))

    evidence = np.array([integrate.quad(joint, -10, 10, args=(pixels,), epsabs=1e-10)[0] for pixels in x])
    assert evidence.sum() == pytest.approx(1, abs=1e-6)  # x runs over every image there is

    batch = tf.constant(x.reshape(16, 2, 2, 1), tf.float32)
    # The encoder is untrained: its posterior is about the prior, which covers the exact one.
    bound = ImportanceWeightedBound(VAE(encoder, decoder), 20_000)(batch).bound.numpy()
    np.testing.assert_allclose(bound, np.log(evidence), atol=0.05)
    figures = evaluate(VAE(encoder, decoder), batch, 500)
    assert figures["elbo"] < np.log(evidence).mean()
    assert figures["is_likelihood"]


def test_chunks_change_only_the_noise(linear_gaussian, monkeypatch):
    x, model = tf.constant(linear_gaussian.images(100)), linear_gaussian.model(0.7, 2.0)
    whole = ImportanceWeightedBound(model, 200)(x).bound.numpy()
    monkeypatch.setattr(scoring, "PIXELS_AT_A_TIME", 100 * 4 * 7)  # 28 chunks of 7 samples and one of 4
    chunked = ImportanceWeightedBound(model, 200)(x).bound.numpy()
    assert not np.array_equal(whole, chunked)
    difference = whole - chunked
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(difference))
    # Without Monte Carlo error nothing but rounding is left of the chunks.
    exact = ImportanceWeightedBound(linear_gaussian.model(), 200)(x).bound
    np.testing.assert_allclose(exact, linear_gaussian.log_evidence(x.numpy()), atol=2e-4)


def test_memory_does_not_grow_with_k(linear_gaussian, monkeypatch):
    model, x = linear_gaussian.model(), tf.constant(linear_gaussian.images(10))
    monkeypatch.setattr(scoring, "PIXELS_AT_A_TIME", 1000)
    bound = ImportanceWeightedBound(model, 130)
    model.likelihood.decoded.clear()
    bound(x)
    assert max(model.likelihood.decoded) <= 1000
    assert sum(model.likelihood.decoded) == 130 * 10 * 4
    assert len(model.likelihood.decoded) == 6


@pytest.mark.parametrize(("images", "samples"), [(1, 10**9), (100, 10**9), (10_000_000, 5), (100, 3)])
def test_samples_at_a_time(linear_gaussian, images, samples):
    count = samples_at_a_time(linear_gaussian.model(), images, samples)
    assert 1 <= count <= samples
    assert count == 1 or count * images * 4 <= scoring.PIXELS_AT_A_TIME
    assert count == samples or (count + 1) * images * 4 > scoring.PIXELS_AT_A_TIME


@pytest.mark.parametrize("samples", [0, -5, 1.5, True])
def test_refuses_fewer_than_one_sample(linear_gaussian, samples):
    with pytest.raises(ValueError) as caught:
        ImportanceWeightedBound(linear_gaussian.model(), samples)
    assert "importance_samples is" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_terms_of_a_mixture_prior_count_as_pixels_do(linear_gaussian, monkeypatch):
    model = linear_gaussian.model()
    monkeypatch.setattr(scoring, "PIXELS_AT_A_TIME", 10_000)
    assert samples_at_a_time(model, 10, 10**6) == 250  # four pixels
    monkeypatch.setattr(model.prior, "num_components", 500)
    assert samples_at_a_time(model, 10, 10**6) == 2


@pytest.mark.parametrize("parts", [{}, {"posterior": "full_normal", "likelihood": "gaussian", "prior": "real_nvp"}])
def test_compiled_it_gives_the_same(parts, monkeypatch):
    keras.utils.set_random_seed(0)
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, **parts)
    x = tf.constant(np.random.default_rng(0).integers(0, 17, (10, 8, 8, 1)) / 16, tf.float32)
    monkeypatch.setattr(scoring, "samples_at_a_time", lambda *arguments: 8)
    model.compile(jit_compile=True)
    plain = ImportanceWeightedBound(model, 20, seed=3)
    monkeypatch.setattr(importance, "COMPILED_FROM", 20)
    compiled = ImportanceWeightedBound(model, 20, seed=3)
    assert (plain._compiled, compiled._compiled) == (False, True)
    for one, other in zip(plain(x), compiled(x), strict=True):
        assert one is other is None or np.allclose(one, other, rtol=1e-5, atol=1e-4)
