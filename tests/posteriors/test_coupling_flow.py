"""The flow posterior against its own formula in NumPy, finite differences and quadrature."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from keras_vae.evaluation.elbo_surgery import elbo_surgery
from keras_vae.evaluation.posteriors import posteriors_of, some
from keras_vae.models.vae import VAE
from keras_vae.objectives.iwae import IWAE
from keras_vae.objectives.kl import kl_divergence
from keras_vae.posteriors import CouplingFlow, DiagonalNormal


def strong(latent_dim, couplings=3, strength=20):
    """A family whose flow is far from the identity."""
    family = CouplingFlow(couplings, hidden=6, context=4)
    family.build((latent_dim,))
    for coupling in family.couplings:
        coupling.dense[-1].kernel.assign(strength * coupling.dense[-1].kernel)
    return family


def posterior(family, images=2):
    parameters = np.random.default_rng(0).normal(size=(images, *family.parameters_shape))
    return family(tf.constant(parameters, tf.float32)), parameters


def slow_sample(family, row, latent_dim, noise):
    """f(mean + stddev * noise) of one image, float64, coupling by coupling as Dinh et al. write it."""
    mean, log_variance, context = np.split(row, [latent_dim, 2 * latent_dim])
    z, kept = mean + np.exp(log_variance / 2) * noise, latent_dim // 2
    for number, coupling in enumerate(reversed(family.couplings)):
        (first, first_bias), (last, last_bias) = ([w.numpy() for w in layer.weights] for layer in coupling.dense)
        hidden = np.concatenate([z[:kept], context]) @ first + first_bias
        shift, log_scale = np.split(hidden * special.expit(hidden) @ last + last_bias, 2)
        z = np.concatenate([z[:kept], z[kept:] * np.exp(2 * np.tanh(log_scale)) + shift])
        if number < len(family.couplings) - 1:
            z = z[::-1]
    return z


@pytest.mark.parametrize("latent_dim", [2, 5])
def test_samples_and_densities_against_numpy_and_finite_differences(latent_dim):
    family = strong(latent_dim)
    q, parameters = posterior(family)
    noise = np.random.default_rng(1).normal(size=(3, 2, latent_dim))
    z = family.reparameterize(q, tf.constant(noise, tf.float32))
    assert np.abs(z - DiagonalNormal().reparameterize(*both_normal(parameters, noise, latent_dim))).max() > 0.3
    for sample, image in np.ndindex(3, 2):
        row, e = parameters[image], noise[sample, image]
        np.testing.assert_allclose(z[sample, image], slow_sample(family, row, latent_dim, e), rtol=1e-4, atol=1e-5)
        steps = 1e-5 * np.eye(latent_dim)
        jacobian = [
            (slow_sample(family, row, latent_dim, e + step) - slow_sample(family, row, latent_dim, e - step)) / 2e-5
            for step in steps
        ]
        expected = stats.norm.logpdf(e).sum() - np.linalg.slogdet(np.array(jacobian))[1]
        assert float(q.log_prob(z)[sample, image]) == pytest.approx(expected, abs=2e-3)
        # the density of z as such, which is not remembered to be a sample
        assert float(q.log_prob(tf.constant(z.numpy()))[sample, image]) == pytest.approx(expected, abs=2e-3)


def both_normal(parameters, noise, latent_dim):
    normal = DiagonalNormal()(tf.constant(parameters[:, : 2 * latent_dim], tf.float32))
    return normal, tf.constant(noise, tf.float32)


def test_the_density_integrates_to_one():
    family = strong(2)
    q, _ = posterior(family, images=1)
    mean, stddev = (moment.numpy()[0] for moment in family.moments(q))
    axes = [np.linspace(m - 12 * s, m + 12 * s, 1201) for m, s in zip(mean, stddev, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    density = np.exp(q.log_prob(tf.constant(grid, tf.float32)).numpy().astype("float64"))
    assert density.sum() * (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0]) == pytest.approx(1, abs=1e-2)


def test_moments_are_exact_where_the_flow_is_affine():
    family = CouplingFlow(2, hidden=3, context=2)
    family.build((3,))
    for coupling in family.couplings:  # shifts and scales that depend on nothing
        kernel, bias = coupling.dense[-1].weights
        kernel.assign(0 * kernel)
        bias.assign(np.linspace(-0.4, 0.6, bias.shape[0]))
    q, parameters = posterior(family)
    mean, stddev = (moment.numpy() for moment in family.moments(q))
    center = np.array([slow_sample(family, row, 3, np.zeros(3)) for row in parameters])
    spread = np.array([[slow_sample(family, row, 3, e) for e in np.eye(3)] for row in parameters]) - center[:, None]
    np.testing.assert_allclose(mean, center, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(stddev, np.sqrt(np.square(spread).sum(axis=1)), rtol=1e-5)


def test_every_latent_under_every_posterior():
    family = strong(3)
    q, _ = posterior(family, images=4)
    z = tf.constant(np.random.default_rng(2).normal(size=(5, 4, 3)), tf.float32)
    crossed = q.log_prob(z[:, :, tf.newaxis]).numpy()
    assert crossed.shape == (5, 4, 4)
    np.testing.assert_allclose(np.einsum("sii->si", crossed), q.log_prob(z), rtol=1e-4, atol=1e-4)
    rolled = q.log_prob(tf.roll(z, 1, axis=1))
    np.testing.assert_allclose([crossed[:, i - 1, i] for i in range(4)], tf.transpose(rolled), rtol=1e-4, atol=1e-4)


def test_posteriors_of_a_set_are_those_of_its_batches():
    model = VAE.from_preset("digits_mlp", latent_dim=3, posterior=strong(3))
    x = np.random.default_rng(0).integers(0, 17, (7, 8, 8, 1)).astype("float32") / 16
    z = tf.zeros([7, 3])
    whole = posteriors_of(model, x, batch_size=3)
    np.testing.assert_allclose(whole.log_prob(z), model.encode(x).log_prob(z), rtol=1e-5)
    np.testing.assert_allclose(some(whole, 2, 4).log_prob(z[2:4]), model.encode(x[2:4]).log_prob(z[2:4]), rtol=1e-5)


def test_fits_a_bent_density_that_no_normal_fits():
    """log p(z) = log N(z_0; 0, 1) + log N(z_1; z_0^2, 0.3^2), as a prior of one image."""

    class Banana:
        def log_prob(self, z):
            first, second = z[..., 0], z[..., 1] - tf.square(z[..., 0])
            return -0.5 * (first**2 + (second / 0.3) ** 2) - np.log(2 * np.pi * 0.3)

    def fitted(family):
        family.build((2,))
        parameters = tf.Variable(tf.zeros([1, *family.parameters_shape]))
        variables = [parameters, *(weight.value for weight in family.trainable_weights)]
        optimizer = keras.optimizers.Adam(0.01)
        optimizer.build(variables)

        @tf.function
        def step(noise):
            with tf.GradientTape() as tape:
                q = family(parameters)
                z = family.reparameterize(q, noise)
                kl = tf.reduce_mean(q.log_prob(z) - Banana().log_prob(z))
            optimizer.apply_gradients(zip(tape.gradient(kl, variables), variables, strict=True))
            return kl

        rng = np.random.default_rng(0)
        return np.mean([float(step(tf.constant(rng.normal(size=(256, 1, 2)), tf.float32))) for _ in range(600)][-50:])

    normal, flow = fitted(DiagonalNormal()), fitted(CouplingFlow(4, hidden=16, context=1))
    assert normal > 0.5
    assert flow < 0.15


def test_the_kl_is_estimated_from_samples():
    family = strong(2)
    q, _ = posterior(family, images=3)
    z = family.reparameterize(q, tf.constant(np.random.default_rng(0).normal(size=(4, 3, 2)), tf.float32))
    prior = DiagonalNormal()(tf.zeros([4]))
    expected = np.mean(q.log_prob(z) - prior.log_prob(z), axis=0)
    np.testing.assert_allclose(kl_divergence(q, prior, z), expected, rtol=1e-5)


def test_the_doubly_reparameterised_gradient_is_refused():
    with pytest.raises(ValueError, match="doubly_reparameterised with the posterior CouplingFlow"):
        VAE.from_preset("digits_mlp", latent_dim=2, posterior="coupling_flow", objective="iwae_dreg")
    model = VAE.from_preset("digits_mlp", latent_dim=2, posterior="coupling_flow")
    model.compile("adam")
    with pytest.raises(ValueError, match="doubly_reparameterised with the posterior CouplingFlow"):
        model.objective = IWAE(2, doubly_reparameterised=True)
    model.fit(np.zeros([4, 8, 8, 1], "float32"), verbose=0)  # by the objective before


def test_one_dimension_and_a_second_model_of_another_width_are_refused():
    with pytest.raises(ValueError, match="latent_dim is 1: expected at least 2"):
        VAE.from_preset("digits_mlp", latent_dim=1, posterior="coupling_flow")
    family = CouplingFlow()
    VAE.from_preset("digits_mlp", latent_dim=2, posterior=family)
    with pytest.raises(ValueError, match=r"event_shape is \(3,\), but this CouplingFlow belongs to a model of \(2,\)"):
        VAE.from_preset("digits_mlp", latent_dim=3, posterior=family)


def test_one_distribution_serves_eagerly_and_in_a_graph():
    family = strong(3)
    q, _ = posterior(family)
    z = tf.constant(np.random.default_rng(0).normal(size=(4, 2, 3)), tf.float32)
    in_a_graph = tf.function(lambda values: q.log_prob(values))(z)
    np.testing.assert_allclose(q.log_prob(z), in_a_graph, rtol=1e-5)
    np.testing.assert_allclose(tf.function(lambda: q.reparameterize(z))(), q.reparameterize(z), rtol=1e-5)
    assert q.log_prob(z[0, 0]).shape == (2,)


def test_surgery_adds_up():
    model = VAE.from_preset("digits_mlp", latent_dim=3, posterior="coupling_flow")
    images = np.random.default_rng(0).integers(0, 17, (60, 8, 8, 1)).astype("float32") / 16
    parts = elbo_surgery(model, images)
    assert parts["mutual_information"] <= parts["mutual_information_limit"] + 1e-3
    assert parts["kl"] == pytest.approx(parts["mutual_information"] + parts["marginal_kl"], abs=1e-4)


@pytest.mark.parametrize("arguments", [{"couplings": 1}, {"hidden": 0}, {"context": 0.5}, {"seed": "x"}])
def test_refuses_numbers_out_of_range(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"^{name} is "):
        CouplingFlow(**arguments)


def test_comes_back_from_its_configuration_with_the_same_start():
    family = CouplingFlow(3, hidden=5, context=2, seed=4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(family))
    for each in (family, again):
        each.build((3,))
    for one, other in zip(family.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
