"""Scores of images against NumPy and SciPy, and what they depend on."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from keras_vae.models import scoring
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.posteriors import CouplingFlow, FullNormal
from keras_vae.random.portable import latents_numpy
from keras_vae.random.row_noise import row_noise


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 2, (7, 8, 8, 1)).astype("float32")


def trained(**changes):
    """A model whose posteriors differ from the prior."""
    model = VAE.from_preset(
        "digits_mlp", **{"latent_dim": 2, "likelihood": "bernoulli", "network": {"hidden": [8]}, **changes}
    )
    rng = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign_add(0.2 * rng.normal(size=weight.shape))
    return model


@pytest.fixture(scope="module")
def model():
    return trained()


def by_hand(model, images, samples, seed, index):
    """ELBO, reconstruction, KL and bound of a Bernoulli model with a diagonal normal posterior, in float64."""
    mean, log_variance = np.split(model.encoder(images).numpy().astype("float64"), 2, axis=-1)
    stddev = np.exp(log_variance / 2)
    drawn = np.array(index)[:, None] * samples + np.arange(samples)
    noise = latents_numpy(seed, drawn.reshape(-1), 2).reshape(len(images), samples, 2)
    z = mean[:, None] + stddev[:, None] * noise
    logits = model.decoder(z.reshape(-1, 2)).numpy().astype("float64").reshape(len(images), samples, -1)
    x = images.reshape(len(images), 1, -1)
    log_likelihood = np.sum(x * logits - np.logaddexp(0, logits), axis=-1)
    log_q = stats.norm.logpdf(z, mean[:, None], stddev[:, None]).sum(axis=-1)
    weights = log_likelihood + stats.norm.logpdf(z).sum(axis=-1) - log_q
    kl = 0.5 * np.sum(mean**2 + stddev**2 - 1 - log_variance, axis=-1)
    reconstruction = -log_likelihood.mean(axis=-1)
    return -(reconstruction + kl), reconstruction, kl, special.logsumexp(weights, axis=-1) - np.log(samples)


@pytest.mark.parametrize(("samples", "seed"), [(1, 0), (16, 7), (5, -3)])
def test_scores_against_numpy(model, images, samples, seed):
    index = [3, 0, 1, 2, 50_000_000, 5, 6]
    found = model.score(images, samples, seed, index=index)
    for name, expected in zip(found._fields, by_hand(model, images, samples, seed, index), strict=True):
        values = getattr(found, name)
        assert (values.dtype, values.shape) == (np.float32, (7,))
        np.testing.assert_allclose(values, expected, rtol=2e-5, atol=2e-5, err_msg=name)


def test_a_row_depends_on_its_number_and_the_seed_alone(model, images):
    whole = model.score(images)
    parts = model.score(images, batch_size=2)
    np.testing.assert_allclose(parts, whole, rtol=1e-5, atol=1e-5)
    one = model.score(images[4:5], index=[4])
    np.testing.assert_allclose(np.concatenate(one), [each[4] for each in whole], rtol=1e-5, atol=1e-5)
    assert model.score(images[4:5]).elbo[0] != pytest.approx(whole.elbo[4], abs=1e-3)
    assert model.score(images, seed=1).elbo[4] != pytest.approx(whole.elbo[4], abs=1e-3)


def test_samples_in_parts_are_the_same_samples(model, images, monkeypatch):
    whole = model.score(images, 50)
    monkeypatch.setattr(scoring, "PIXELS_AT_A_TIME", 7 * 64 * 3)
    np.testing.assert_allclose(model.score(images, 50), whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("posterior", [FullNormal, lambda: CouplingFlow(2, hidden=8, context=4)])
@pytest.mark.parametrize("prior", ["gaussian_mixture", "standard_normal"])
def test_no_family_of_posteriors_is_assumed(posterior, prior, images):
    model = trained(posterior=posterior(), prior=prior)
    found = model.score(images, 400)
    np.testing.assert_allclose(found.elbo, -(found.reconstruction + found.kl), rtol=1e-5)
    terms = model.terms(tf.constant(images), None, row_noise(0, tf.range(7), 2, 400))
    np.testing.assert_allclose(found.reconstruction, terms.reconstruction, rtol=1e-5)
    np.testing.assert_allclose(found.kl, terms.kl, rtol=1e-4, atol=1e-4)
    assert np.all(found.bound > found.elbo - 0.5)  # by Jensen; a KL in closed form is not of the same samples


def test_an_unusual_image_has_the_lowest_score(model):
    usual = model.generate(5, seed=3).round()
    found = model.score(np.concatenate([usual, 1 - usual[:1]]))
    assert found.elbo.argmin() == found.bound.argmin() == found.reconstruction.argmax() == 5


def test_a_conditional_model_needs_its_labels(images):
    model = trained(classes=["cat", "dog", "owl"])
    found = model.score(images, label=[0, 1, 2, 0, 1, 2, 0])
    alone = model.score(images[1:2], label="dog", index=[1])
    np.testing.assert_allclose(np.concatenate(alone), [each[1] for each in found], rtol=1e-5, atol=1e-5)
    assert model.score(images[1:2], label="owl", index=[1]).elbo[0] != pytest.approx(found.elbo[1], abs=1e-3)
    with pytest.raises(ValueError, match="label is None: expected one from 0 to 2"):
        model.score(images)
    with pytest.raises(ValueError, match="label is 'dgo': expected one of cat, dog, owl; did you mean 'dog'"):
        model.score(images, label="dgo")


NAN = np.full([1, 8, 8, 1], np.nan, "float32")


@pytest.mark.parametrize(
    ("x", "given", "message"),
    [
        (NAN, {}, r"x are NaN or infinite in 64 of 64"),
        (np.zeros([1, 8, 9, 1], "float32"), {}, r"the shape of x is \[1, 8, 9, 1\]: expected \[n, 8, 8, 1\]"),
        (np.zeros([0, 8, 8, 1], "float32"), {}, r"expected at least one image"),
        (np.zeros([2, 8, 8, 1], "uint8"), {}, r"the dtype of x is uint8: expected float pixels"),
        (0, {"importance_samples": 0}, r"importance_samples is 0: expected a whole number of at least 1"),
        (0, {"seed": 2**31}, r"seed is 2147483648: expected an int32"),
        (0, {"batch_size": 0}, r"batch_size is 0"),
        (0, {"label": 1}, r"label is 1: expected none, since the model has no classes"),
        (0, {"index": [0]}, r"index is \[0\]: expected 2 whole numbers from 0 to 134217727, one for each image"),
        (0, {"index": [0, 2**27]}, r"index is \[0, 134217728\]: expected 2 whole numbers from 0 to 134217727"),
        (0, {"index": [0, -1]}, r"index spans -1 to 0: expected 0 to"),
    ],
)
def test_refuses(model, x, given, message):
    x = np.zeros([2, 8, 8, 1], "float32") if isinstance(x, int) else x
    with pytest.raises(ValueError, match=message) as caught:
        model.score(x, **given)
    assert "\n" not in str(caught.value)


def test_refuses_models_without_densities_or_with_weights_that_are_not_finite(images):
    with pytest.raises(ValueError, match="the posterior is Deterministic, which has no density"):
        Autoencoder.from_preset("digits_mlp").score(images)
    model = trained()
    model.decoder.weights[0].assign(np.nan * model.decoder.weights[0])
    with pytest.raises(ValueError, match="weights are NaN or infinite"):
        model.score(images)
