"""ELBO <= importance-weighted bound <= log p(x), where log p(x) is known."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats

from keras_vae.evaluation import importance
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.models import scoring
from keras_vae.models.vae import VAE

LOGITS = np.array([[1.5, -2.0, 0.7, 2.5]], np.float32)  # slopes of four pixels' logits in a latent of one dimension
OFFSETS = np.array([0.2, -0.5, 0.0, 1.0], np.float32)


def model_with_posterior(mean, log_variance):
    """A VAE whose q(z|x) is one normal for all x and whose decoder is z -> sigmoid(slope z + offset)."""
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    encoder.layers[-1].set_weights([np.zeros((4, 2), np.float32), np.array([mean, log_variance], np.float32)])
    decoder = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4), keras.layers.Reshape((2, 2, 1))])
    decoder.layers[0].set_weights([LOGITS, OFFSETS])
    return VAE(encoder, decoder)


def log_joint(z, x):
    logits = z * LOGITS[0].astype(float) + OFFSETS
    return float(np.sum(x * logits - np.logaddexp(0, logits)) + stats.norm.logpdf(z))


@pytest.fixture
def x():
    return np.array([1, 0, 1, 1], np.float32).reshape(1, 2, 2, 1)


@pytest.fixture
def evidence(x):
    """log p(x) by quadrature."""
    return np.log(integrate.quad(lambda z: np.exp(log_joint(z, x.ravel())), -12, 12, epsabs=1e-12)[0])


def test_bound_rises_to_the_evidence(x, evidence):
    images = np.repeat(x, 200, axis=0)  # 200 independent estimates
    nll, error = {}, {}
    for samples in (1, 10, 100, 1000):
        result = evaluate(model_with_posterior(0.0, 0.5), images, importance_samples=samples)
        nll[samples], error[samples] = result["nll"], result["nll_standard_error"]
    assert nll[1] > nll[10] > nll[100] > nll[1000] - 3 * error[1000]
    assert -nll[1] < evidence
    assert -nll[1000] == pytest.approx(evidence, abs=0.005)
    assert -nll[1000] < evidence + 4 * error[1000]


def test_elbo_is_the_quadrature_and_below_the_evidence(x, evidence):
    mean, log_variance = 0.6, -0.8
    q = stats.norm(mean, np.exp(log_variance / 2))
    exact = integrate.quad(lambda z: q.pdf(z) * (log_joint(z, x.ravel()) - q.logpdf(z)), -12, 12)[0]
    result = evaluate(model_with_posterior(mean, log_variance), x, importance_samples=20_000)
    assert result["elbo"] == pytest.approx(exact, abs=0.02)
    assert exact < evidence


def test_exact_posterior_needs_one_sample():
    """With a decoder that ignores z the posterior is the prior, and every weight is p(x)."""
    model = model_with_posterior(0.0, 0.0)
    model.decoder.layers[0].set_weights([0 * LOGITS, OFFSETS])
    x = np.array([[1, 0, 0, 1], [0, 0, 1, 1]], np.float32).reshape(2, 2, 2, 1)
    exact = np.sum(x.reshape(2, 4) * OFFSETS + special.log_expit(-OFFSETS), axis=1)
    bound = importance.ImportanceWeightedBound(model, 3)(tf.constant(x)).bound
    np.testing.assert_allclose(bound, exact, rtol=1e-5)


def test_memory_does_not_grow_with_samples(x, evidence, monkeypatch):
    monkeypatch.setattr(scoring, "PIXELS_AT_A_TIME", 4 * 50)
    model = model_with_posterior(0.4, 0.0)
    decoded = []
    decode = model.decoder_outputs
    monkeypatch.setattr(model, "decoder_outputs", lambda z, **given: decoded.append(z.shape) or decode(z, **given))
    bound = importance.ImportanceWeightedBound(model, 4013)
    assert scoring.samples_at_a_time(model, 1, 4013) == 50
    np.testing.assert_allclose(bound(tf.constant(x)).bound, [evidence], atol=0.03)
    assert decoded  # the chunk's graph is traced once or twice, whatever K
    assert len(decoded) <= 2


@pytest.mark.parametrize("samples", [0, -1, 1.5])
def test_refuses_fewer_than_one_sample(samples):
    with pytest.raises(ValueError, match="importance_samples"):
        importance.ImportanceWeightedBound(model_with_posterior(0, 0), samples)
