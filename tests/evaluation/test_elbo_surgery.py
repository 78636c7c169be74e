"""ELBO surgery against slow NumPy with the same noise, and against normals whose parts are known."""

import keras
import numpy as np
import pytest
from scipy import special, stats

from keras_vae.evaluation import elbo_surgery as module
from keras_vae.evaluation.elbo_surgery import elbo_surgery
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.models.vae import VAE
from keras_vae.random.noise import EVALUATION, normal

PARTS = ["mutual_information", "total_correlation", "dimension_wise_kl"]


def linear_vae(to_latent, bias, **arguments):
    """A VAE on 2 x 2 images whose encoder returns `pixels @ to_latent + bias`."""
    width = arguments.pop("latent_dim", 2)
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(len(bias))])
    decoder = keras.Sequential([keras.Input((width,)), keras.layers.Dense(4), keras.layers.Reshape((2, 2, 1))])
    encoder.set_weights([np.asarray(to_latent, "float32"), np.asarray(bias, "float32")])
    return VAE(encoder, decoder, **arguments)


def numpy_surgery(means, factors, noise, log_prior):
    """Every part from the definition: N(means[i], factors[i] factors[i]^T) judged at every sample, one by one."""
    samples, count, _ = noise.shape
    covariances = factors @ factors.transpose(0, 2, 1)
    found = []
    for sample in range(samples):
        for image in range(count):
            z = means[image] + factors[image] @ noise[sample, image]
            joint = [stats.multivariate_normal.logpdf(z, means[i], covariances[i]) for i in range(count)]
            stddevs = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
            each = stats.norm.logpdf(z, means, stddevs)
            log_q, log_q_j = (special.logsumexp(value, axis=0) - np.log(count) for value in (joint, each))
            found.append([joint[image], log_q, log_q_j.sum(), log_prior(z)])
    own, log_q, log_product, prior = np.mean(found, axis=0)
    return {
        "kl": own - prior,
        "mutual_information": own - log_q,
        "marginal_kl": log_q - prior,
        "total_correlation": log_q - log_product,
        "dimension_wise_kl": log_product - prior,
    }


def test_a_diagonal_posterior_against_numpy(monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_A_TIME", 4)
    draw = np.random.default_rng(0)
    to_latent, bias = draw.normal(size=[4, 4]), draw.normal(size=4) - [0, 0, 2, 2]
    x = draw.uniform(size=[9, 2, 2, 1]).astype("float32")
    found = elbo_surgery(linear_vae(to_latent, bias), x, samples=3, seed=5, batch_size=4)
    mean, log_variance = np.split(x.reshape(9, 4) @ to_latent + bias, 2, axis=1)
    noise = np.concatenate([normal(5, EVALUATION, row, [3, count, 2]) for row, count in enumerate((4, 4, 1))], axis=1)
    factors = np.exp(0.5 * log_variance)[:, :, None] * np.eye(2)
    expected = numpy_surgery(mean, factors, noise, lambda z: stats.norm.logpdf(z).sum())
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=2e-5), name
    assert sum(found["dimension_wise_kl_per_dimension"]) == pytest.approx(found["dimension_wise_kl"], abs=1e-6)
    assert (found["images"], found["samples"]) == (9, 3)


def test_a_full_posterior_and_a_mixture_prior_against_numpy():
    draw = np.random.default_rng(1)
    to_latent, bias = draw.normal(size=[4, 5]), draw.normal(size=5) - [0, 0, 1, 1, 0]
    model = linear_vae(to_latent, bias, posterior="full_normal", prior="gaussian_mixture")
    x = draw.uniform(size=[7, 2, 2, 1]).astype("float32")
    found = elbo_surgery(model, x, seed=2)
    outputs = x.reshape(7, 4) @ to_latent + bias
    factors = np.exp(0.5 * outputs[:, 2:4])[:, :, None] * np.eye(2)
    factors[:, 1, 0] = outputs[:, 4]
    noise = normal(2, EVALUATION, 0, [1, 7, 2]).numpy()
    prior = lambda z: float(model.prior().log_prob(z.astype("float32")))  # noqa: E731
    for name, value in numpy_surgery(outputs[:, :2], factors, noise, prior).items():
        assert found[name] == pytest.approx(value, abs=5e-5), name
    assert found["dimension_wise_kl_per_dimension"] is None


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_normals_whose_parts_are_known(correlation):
    """Means from a normal of variance 0.6 and posteriors of variance 0.2 make q(z) a normal of variance 0.8."""
    draw, count = np.random.default_rng(3), 3000
    covariance = 0.6 * np.array([[1, correlation], [correlation, 1]])
    means = draw.multivariate_normal([0.5, 0.0], covariance, count)
    # in pixels, 12 standard deviations wide
    x = np.zeros([count, 4])
    x[:, :2] = 0.5 + (means - [0.5, 0]) / 12
    to_latent = np.zeros([4, 4])
    to_latent[0, 0] = to_latent[1, 1] = 12
    model = linear_vae(to_latent, [0.5 - 6, -6, np.log(0.2), np.log(0.2)])
    found = elbo_surgery(model, x.reshape(count, 2, 2, 1).astype("float32"), seed=1, batch_size=1000)
    aggregate = covariance + 0.2 * np.eye(2)
    variance = 0.8
    dimension_wise = np.array([0.5 * (variance + shift**2 - 1 - np.log(variance)) for shift in (0.5, 0)])
    expected = {
        "mutual_information": 0.5 * (np.linalg.slogdet(aggregate)[1] - 2 * np.log(0.2)),
        "total_correlation": -0.5 * np.log(1 - (aggregate[0, 1] / variance) ** 2),
        "dimension_wise_kl": dimension_wise.sum(),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=0.06), name
    np.testing.assert_allclose(found["dimension_wise_kl_per_dimension"], dimension_wise, atol=0.04)
    np.testing.assert_allclose(found["mutual_information_per_dimension"], 0.5 * np.log(0.8 / 0.2), atol=0.04)


def test_the_parts_add_up_to_the_kl(small_vae):
    x = np.random.default_rng(0).uniform(size=[300, 2, 2, 1]).astype("float32")
    found = elbo_surgery(small_vae, x, samples=20)
    assert sum(found[name] for name in PARTS) == pytest.approx(found["kl"], abs=1e-9)
    assert found["marginal_kl"] == pytest.approx(found["total_correlation"] + found["dimension_wise_kl"], abs=1e-9)
    assert found["kl"] == pytest.approx(evaluate(small_vae, x, 1)["kl"], abs=0.12)
    assert 0 <= found["mutual_information"] <= found["mutual_information_limit"] == np.log(300)


def test_a_collapsed_posterior_tells_nothing_and_a_narrow_one_the_image():
    x = np.random.default_rng(0).uniform(size=[50, 2, 2, 1]).astype("float32")
    collapsed = elbo_surgery(linear_vae(np.zeros([4, 4]), np.zeros(4)), x)
    assert all(abs(collapsed[name]) < 1e-5 for name in ("kl", "mutual_information", "marginal_kl", *PARTS))
    to_latent = np.eye(4) * [1, 1, 0, 0]
    narrow = elbo_surgery(linear_vae(to_latent, [0, 0, -30, -30]), x)
    assert narrow["mutual_information"] == pytest.approx(np.log(50), abs=1e-4)


def test_memory_is_bounded_and_chunks_change_nothing(small_vae, monkeypatch):
    x = np.random.default_rng(0).uniform(size=[60, 2, 2, 1]).astype("float32")
    whole = elbo_surgery(small_vae, x)
    sizes = []

    numbers, add = small_vae.posterior.density_size(), module._add_some

    def noting(joint, by_dimension, z, posteriors, marginals):
        sizes.append(z.shape[0] * marginals.batch_shape[0] * numbers)
        return add(joint, by_dimension, z, posteriors, marginals)

    monkeypatch.setattr(module, "_add_some", noting)
    monkeypatch.setattr(module, "NUMBERS_AT_A_TIME", 60 * 2 * 7)
    chunked = elbo_surgery(small_vae, x)
    assert max(sizes) <= 60 * 2 * 7
    assert sum(sizes) == 60 * 60 * 2
    for name in ("kl", "marginal_kl", *PARTS):
        assert chunked[name] == pytest.approx(whole[name], abs=1e-5)


@pytest.mark.parametrize("samples", [0, 1.5, True])
def test_refuses_fewer_than_one_sample(small_vae, samples):
    with pytest.raises(ValueError, match=r"samples is .*at least 1"):
        elbo_surgery(small_vae, np.zeros([2, 2, 2, 1], "float32"), samples=samples)


def test_refuses_what_is_no_image(small_vae):
    with pytest.raises(ValueError, match="divide by 255"):
        elbo_surgery(small_vae, np.full([2, 2, 2, 1], 255.0, "float32"))


def test_progress_ends_at_all_images(small_vae):
    done = []
    elbo_surgery(small_vae, np.zeros([130, 2, 2, 1], "float32"), progress=done.append)
    assert done == [100, 130]
