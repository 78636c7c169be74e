"""The VampPrior: made of its model's own posteriors, trained through its encoder."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from keras_vae.models.vae import VAE
from keras_vae.priors import VampPrior


@pytest.fixture
def model():
    return VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, prior=VampPrior(6, seed=3))


def test_is_the_mean_of_the_pseudo_inputs_posteriors(model):
    z = tf.constant(np.random.default_rng(0).normal(size=(5, 2)), tf.float32)
    pixels = model.prior.pseudo_inputs()
    assert pixels.shape == (6, 8, 8, 1)
    assert abs(float(tf.reduce_mean(pixels)) - 0.05) < 0.005
    assert abs(float(tf.math.reduce_std(pixels)) - 0.01) < 0.002
    parts = model.encode(pixels).log_prob(z[:, None]).numpy()
    np.testing.assert_allclose(model.prior().log_prob(z), logsumexp(parts, axis=1) - np.log(6), rtol=1e-4)


def test_owns_its_pseudo_inputs_but_not_the_encoder(model):
    assert [weight.shape for weight in model.prior.weights] == [(6, 8, 8, 1)]
    assert len(model.trainable_weights) == len(set(map(id, model.trainable_weights)))
    assert sum(weight.shape == (6, 8, 8, 1) for weight in model.trainable_weights) == 1


def test_starts_at_images(model):
    images = np.random.default_rng(0).integers(0, 2, (6, 8, 8, 1)).astype("float32")
    model.prior.start_at(images)
    np.testing.assert_allclose(model.prior.pseudo_inputs(), np.clip(images, 0.01, 0.99), atol=1e-5)
    with pytest.raises(ValueError, match=r"images have shape \(2, 8, 8, 1\)"):
        model.prior.start_at(images[:2])


def test_a_saved_model_has_its_own_encoder_s_prior(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    z = tf.constant([[0.5, -1.0]])
    np.testing.assert_array_equal(loaded.prior().log_prob(z), model.prior().log_prob(z))
    for weight in loaded.encoder.trainable_weights:
        weight.assign(2 * weight)
    assert abs(float(loaded.prior().log_prob(z)[0] - model.prior().log_prob(z)[0])) > 1e-4


def test_refuses_what_it_cannot_be_made_of(model):
    with pytest.raises(ValueError, match="does not belong to a model"):
        VampPrior(3)()
    with pytest.raises(ValueError, match="already belongs to a model"):
        VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, prior=model.prior)
    with pytest.raises(ValueError, match="MultivariateNormalTriL: expected a diagonal normal"):
        VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, posterior="full_normal", prior="vamp")
    with pytest.raises(ValueError, match="pseudo_inputs is 0"):
        VampPrior(0)


def test_starts_from_the_images_of_a_training_each_once_before_any_twice(model):
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
    model.prior.adapt(images, seed=1)
    pixels = model.prior.pseudo_inputs().numpy()
    nearest = [np.abs(images / 255 - one).reshape(4, -1).sum(axis=1).argmin() for one in pixels]
    assert sorted(nearest[:4]) == [0, 1, 2, 3]
    assert nearest[4:] == nearest[:2]
    again = pixels.copy()
    model.prior.adapt(images, seed=2)
    assert np.any(model.prior.pseudo_inputs().numpy() != again)
