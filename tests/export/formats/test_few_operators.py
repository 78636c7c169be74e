"""Densities by few operators against TFP's own."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae import registry
from keras_vae.export.formats.few_operators import by_few_operators
from keras_vae.export.formats.onnx import write_onnx
from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.tflite import TFLiteFiles
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.objectives.kl import kl_divergence, kl_in_closed_form
from keras_vae.posteriors import DiagonalNormal, FullNormal
from keras_vae.priors.mixture import FixedMixture

tfd = tfp.distributions
rng = np.random.default_rng(0)
Z = tf.constant(rng.normal(size=[6, 5, 4]), tf.float32)


@pytest.fixture
def correlated():
    family = FullNormal()
    family.build((4,))
    return family(tf.constant(rng.normal(size=(5, *family.parameters_shape)), tf.float32))


def test_a_mixture_with_narrow_components_far_apart():
    mixture = FixedMixture.of_weights([0.1, 0.6, 0.3], 30 * rng.normal(size=[3, 4]), 10.0 ** rng.uniform(-3, 1, [3, 4]))
    z = tf.concat([Z, tf.constant(mixture._means)[:, tf.newaxis] + 1e-3 * Z[:3]], axis=0)
    np.testing.assert_allclose(by_few_operators(mixture()).log_prob(z), mixture().log_prob(z), rtol=2e-4, atol=2e-3)


def test_a_normal_with_correlations(correlated):
    other = by_few_operators(correlated)
    assert (other.batch_shape, other.event_shape) == (correlated.batch_shape, correlated.event_shape)
    np.testing.assert_allclose(other.log_prob(Z), correlated.log_prob(Z), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_its_kl_in_closed_form(correlated, scale):
    prior = tfd.Independent(tfd.Normal(tf.constant([0.0, 1.0, -1.0, 0.5]), tf.fill([4], scale)), 1)
    found = kl_in_closed_form(by_few_operators(correlated), prior)
    np.testing.assert_allclose(found, kl_in_closed_form(correlated, prior), rtol=1e-4)


def test_its_kl_to_another_prior_is_of_the_samples(correlated):
    prior = tfd.Independent(tfd.Laplace(tf.zeros(4), tf.ones(4)), 1)
    found, expected = (kl_divergence(each, prior, Z) for each in (by_few_operators(correlated), correlated))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_what_needs_no_other_form_is_itself():
    normal = DiagonalNormal()(tf.zeros([5, 8]))
    assert by_few_operators(normal) is normal


@pytest.mark.parametrize("name", [name for name in registry.names("likelihood") if name != "optimal_gaussian"])
def test_densities_of_images_in_litert_and_onnx_runtime_however_far_the_decoder_goes(name, tmp_path):
    """`optimal_gaussian` has no fixed scale to go far by; its density is `gaussian`'s."""
    likelihood = registry.get("likelihood", name)
    likelihood.build((2, 3, 1))
    image = tf.TensorSpec([None, 2, 3, 1], tf.float32, "image")
    parameters = tf.TensorSpec([None, *likelihood.parameters_shape], tf.float32, "latent")

    @tf.function(input_signature=(image, parameters), autograph=False)
    def score(image, latent):
        return {"elbo": by_few_operators(likelihood(latent)).log_prob(image)}

    x = rng.integers(0, 2, [60, 2, 3, 1]).astype(np.float32)
    largest = 25.0 if "mixture" in name else 85.0  # a scale is exp of what the decoder says
    far = np.repeat([1e-3, 1.0, largest], 20).reshape(-1, 1, 1, 1)
    outputs = (far * rng.normal(size=(60, *likelihood.parameters_shape))).astype(np.float32)
    expected = likelihood(tf.constant(outputs)).log_prob(x).numpy()
    assert np.isfinite(expected).all()
    write_saved_model({"score": score}, tmp_path / "saved_model")
    artifacts = {
        "score.tflite": TFLiteFiles(tmp_path / "saved_model").write(tmp_path / "score.tflite", ["score"]),
        "score.onnx": write_onnx("score", score, tmp_path / "score.onnx"),
    }
    for path, artifact in artifacts.items():
        found = load_runtime(tmp_path, path, vars(artifact))("score", image=x, latent=outputs)["elbo"]
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-3, err_msg=path)
