"""The posterior of a ladder against quadrature, a ladder VAE written in NumPy, Monte Carlo and finite differences."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from keras_vae.evaluation.evaluate import evaluate
from keras_vae.evaluation.importance import ImportanceWeightedBound
from keras_vae.models.vae import VAE
from keras_vae.objectives.kl import kl_divergence, kl_per_dimension
from keras_vae.posteriors import DiagonalNormal, TopDown

TINY = {"groups": [(2, 2), (2, 1)], "filters": [4, 4], "features": 2, "blocks": 1}


def ladder(seed=0, posterior=0.6, **changes):
    """A small ladder whose every branch does something: untrained, most would be zeros."""
    changes = {"image_shape": (4, 4, 1), "network": TINY, "posterior": TopDown(hidden=4), **changes}
    model = VAE.from_preset("mnist_ladder", **changes)
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        strength = posterior if any(weight is each for each in model.posterior.weights) else 0.6
        weight.assign(weight + strength * rng.normal(size=weight.shape) / np.sqrt(max(1, np.prod(weight.shape[:-1]))))
    return model


@pytest.fixture(scope="module")
def tiny():
    return ladder()


def images(count=2, shape=(4, 4, 1)):
    return tf.constant(np.random.default_rng(1).integers(0, 2, (count, *shape)), tf.float32)


def noise(samples, count, width, seed=2):
    return tf.constant(np.random.default_rng(seed).normal(size=(samples, count, width)), tf.float32)


def infer(model, x, e):
    return model.posterior.infer(model.encoder_outputs(x), e, model.decoder_outputs)


def test_the_bound_rises_to_the_integral_over_all_latents():
    tiny, x = ladder(posterior=0.2), images()
    for group in tiny.posterior.groups:  # wide, so that no part of the latents is left out
        group.get_layer("log_stddev").bias.assign([0.4] * group.get_layer("log_stddev").filters)
    points = np.linspace(-6.5, 6.5, 45)
    grid = np.array(list(itertools.product(points, repeat=3)), np.float32)
    likelihoods = [
        tiny.decode(grid[start : start + 8192]).log_prob(x[:, None]).numpy() for start in range(0, len(grid), 8192)
    ]
    log_prior = -0.5 * np.sum(grid.astype(np.float64) ** 2, axis=1) - 1.5 * np.log(2 * np.pi)
    exact = special.logsumexp(np.concatenate(likelihoods, axis=1) + log_prior, axis=1) + 3 * np.log(
        points[1] - points[0]
    )
    np.testing.assert_allclose(ImportanceWeightedBound(tiny, 100_000)(x).bound, exact, atol=0.02)
    few, more = (
        np.mean(ImportanceWeightedBound(tiny, samples)(tf.repeat(x, 500, axis=0)).bound) for samples in (1, 30)
    )
    assert few < more - 0.1
    assert more < np.mean(exact)


def test_density_of_the_walk_integrates_to_one(tiny):
    q = tiny.encode(images(1))
    points = np.linspace(-12, 12, 61)
    grid = np.array(list(itertools.product(points, repeat=3)), np.float32)
    parts = [q.log_prob(grid[start : start + 16_384, None]).numpy() for start in range(0, len(grid), 16_384)]
    total = special.logsumexp(np.concatenate(parts)) + 3 * np.log(points[1] - points[0])
    assert total == pytest.approx(0, abs=0.02)


def test_kl_per_group_is_that_of_its_samples(tiny):
    x, e = images(), noise(20_000, 2, 3)
    q, z, _ = infer(tiny, x, e)
    by_group = kl_per_dimension(q, tiny.prior())
    ratios = q.distribution.log_prob(z) - tiny.prior().distribution.log_prob(z)
    np.testing.assert_allclose(
        tf.reduce_mean(ratios, axis=0), by_group, atol=4 * float(tf.math.reduce_std(ratios)) / 141
    )
    np.testing.assert_allclose(tf.reduce_sum(by_group, axis=-1), kl_divergence(q, tiny.prior(), z), rtol=1e-3)
    assert np.all(by_group.numpy() > 1e-3)


def swish(x):
    return x * special.expit(x)


def by_hand(model, x, e):
    """ELBO in nats of a ladder VAE in the coordinates of z, on maps of one place: a convolution is a matrix."""

    def layer(network, name, values):
        kernel, bias = (weight.numpy().astype(np.float64) for weight in network.get_layer(name).weights)
        return values @ kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] + bias

    def block(network, name, h):
        return h + layer(network, f"{name}_widen", bottleneck(network, name, h))

    def bottleneck(network, name, h):
        return swish(layer(network, f"{name}_conv", swish(layer(network, f"{name}_narrow", swish(h)))))

    features = model.encoder_outputs(x).numpy().astype(np.float64)
    first, second = model.decoder.stages
    kl = np.zeros(len(x))

    def posterior(group, given):
        hidden = bottleneck(model.posterior.groups[group], "read", given)
        mean, log_stddev = (layer(model.posterior.groups[group], name, hidden) for name in ("mean", "log_stddev"))
        return 10 * np.tanh(mean / 10), np.exp(5 * np.tanh(log_stddev / 5))

    mean, stddev = posterior(0, features)  # the first prior is N(0, I) itself
    kl += np.sum(0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev), axis=-1)
    h = block(first, "block", layer(first, "project", mean + stddev * e[:, :2]))

    hidden = bottleneck(second, "prior", h)
    prior_mean, prior_stddev = layer(second, "mean", hidden), 2 * special.expit(layer(second, "scale", hidden))
    shift, factor = posterior(1, np.concatenate([h, features], axis=-1))
    mean, stddev = prior_mean + prior_stddev * shift, prior_stddev * factor  # of z, not of e
    ratio = stddev / prior_stddev
    kl += np.sum(0.5 * (((mean - prior_mean) / prior_stddev) ** 2 + ratio**2 - 1) - np.log(ratio), axis=-1)
    z = mean + stddev * e[:, 2:]
    h = h + layer(second, "change", hidden) + layer(second, "project", z)
    h = block(second, "block", h)

    logits = np.asarray(model.decoder.pixels(h.reshape(-1, 1, 1, 4).astype(np.float32)), np.float64)
    log_likelihood = np.sum(x * logits - np.logaddexp(0, logits), axis=(1, 2, 3))
    return log_likelihood - kl


def test_elbo_is_that_of_a_ladder_vae_written_with_z(tiny):
    x, e = images(5), noise(1, 5, 3)
    terms = tiny.terms(x, None, e)
    np.testing.assert_allclose(-terms.loss, by_hand(tiny, x.numpy(), e.numpy()[0]), atol=1e-4)


def test_gradient_against_finite_differences(tiny):
    x, e = images(3), noise(2, 3, 3)
    weights = tiny.trainable_weights
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tiny.terms(x, None, e, training=True).loss)
    gradients = tape.gradient(loss, weights)
    assert all(gradient is not None for gradient in gradients)
    start = [weight.numpy() for weight in weights]
    rng = np.random.default_rng(3)
    for part in (tiny.encoder, tiny.decoder, tiny.posterior):
        ours = [any(weight is each for each in part.trainable_weights) for weight in weights]
        direction = [rng.normal(size=value.shape) * own for value, own in zip(start, ours, strict=True)]
        values = []
        for sign in (1, -1):
            for weight, value, way in zip(weights, start, direction, strict=True):
                weight.assign(value + sign * 1e-3 * way)
            values.append(float(tf.reduce_mean(tiny.terms(x, None, e, training=True).loss)))
        for weight, value in zip(weights, start, strict=True):
            weight.assign(value)
        expected = sum(np.sum(way * gradient) for way, gradient in zip(direction, gradients, strict=True))
        assert (values[0] - values[1]) / 2e-3 == pytest.approx(expected, rel=2e-2, abs=1e-2)


def test_one_group_is_one_vector():
    model = ladder(network={**TINY, "groups": [(2, 3)]})
    mean, log_stddev = model.posterior.groups[0](keras.layers.Reshape((1, 1, 2))(model.encoder.output))
    encoder = keras.Model(
        model.encoder.input, keras.layers.Concatenate()([mean, keras.layers.Rescaling(2.0)(log_stddev)])
    )
    flat = VAE(encoder, model.decoder, posterior=DiagonalNormal())
    x, e = images(4), noise(3, 4, 3)
    for one, other in zip(model.terms(x, None, e), flat.terms(x, None, e), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    np.testing.assert_allclose(model.reconstruct(x), flat.reconstruct(x), atol=1e-6)


def test_samples_means_and_densities_of_the_distribution_are_those_of_its_walks(tiny):
    x, e = images(), noise(4, 2, 3)
    q, z, outputs = infer(tiny, x, e)
    whole = tiny.encode(x)
    np.testing.assert_allclose(whole.log_prob(z), q.log_prob(z), rtol=1e-5)
    np.testing.assert_allclose(outputs, tiny.decoder_outputs(z), atol=1e-5)
    np.testing.assert_array_equal(tiny.posterior.reparameterize(whole, e), z)
    mean, stddev = tiny.posterior.moments(whole)
    np.testing.assert_allclose(infer(tiny, x, 0 * e)[1][0], mean, atol=1e-6)
    np.testing.assert_array_equal(whole.stddev(), stddev)
    assert whole.sample(5, seed=1).shape == (5, 2, 3)
    assert whole.log_prob(mean[:, None]).shape == (2, 2)  # each latent under every posterior


def test_evaluation_tells_the_nats_of_each_group(tiny):
    found = evaluate(tiny, images(6).numpy(), importance_samples=400)
    assert len(found["kl_per_group"]) == 2
    assert sum(found["kl_per_group"]) == pytest.approx(found["kl"], rel=1e-5)
    assert sum(found["kl_per_dimension"]) == pytest.approx(found["kl"], rel=1e-5)
    assert "kl_per_group" not in evaluate(VAE.from_preset("digits_mlp"), np.zeros([2, 8, 8, 1], "float32"), 1)


@pytest.mark.parametrize("image_shape", [(9, 13, 3), (30, 45, 2)])
def test_trains_saves_and_generates_at_any_size_with_classes(image_shape, tmp_path):
    model = VAE.from_preset(
        "mnist_ladder",
        image_shape=image_shape,
        classes=3,
        likelihood="discretised_logistic_mixture",
        network={"groups": [(2, 2), (1, 1)], "filters": [4, 4], "features": 2, "blocks": 1},
        posterior=TopDown(hidden=4),
    )
    model.compile("adam", jit_compile=False)
    x, y = np.random.default_rng(0).integers(0, 256, (6, *image_shape)).astype("float32") / 255, np.arange(6) % 3
    before = [weight.numpy() for weight in model.trainable_weights]
    model.fit(x, y, epochs=2, batch_size=3, verbose=0)
    assert sum(np.any(w.numpy() != b) for w, b in zip(model.trainable_weights, before, strict=True)) == len(before)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.reconstruct(x, label=y), model.reconstruct(x, label=y))
    np.testing.assert_array_equal(again.generate(4, seed=3), model.generate(4, seed=3))
    assert not np.array_equal(model.generate(1, label=0), model.generate(1, label=1))


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("mnist_ladder", {"latent_dim": 40}, "latent_dim is 40: expected none for a ladder, whose groups have 1628"),
        ("mnist_mlp", {"posterior": "top_down"}, "posterior is top_down with a decoder that cannot be evaluated"),
        ("mnist_ladder", {"network": {"groups": []}}, r"groups are \[\]: expected \(halvings, channels\)"),
        ("mnist_ladder", {"network": {"groups": [[2, 4], [3, 4]]}}, "from coarse to fine"),
        ("mnist_ladder", {"network": {"groups": [[5, 4]]}}, "groups are .*1 to 3 halvings"),
        ("mnist_ladder", {"network": {"groups": [[3, 0]]}}, "groups are .*at least 1 channel"),
        ("mnist_ladder", {"network": {"groups": "fine"}}, "groups are 'fine'"),
        ("mnist_ladder", {"posterior": "diagonal_normal"}, "encoder returns"),
        ("mnist_ladder", {"objective": "iwae_dreg"}, "doubly_reparameterised with the posterior TopDown"),
        ("mnist_ladder", {"prior": "vamp"}, "diagonal normal for a VampPrior"),
    ],
)
def test_refuses(preset, changes, message):
    with pytest.raises(ValueError, match=message) as error:
        VAE.from_preset(preset, **changes)
    assert "\n" not in str(error.value)


def test_refuses_a_decoder_that_cannot_be_walked_and_a_second_model():
    family, model = TopDown(), VAE.from_preset("digits_mlp")
    with pytest.raises(ValueError, match="the decoder is a Functional, which cannot be evaluated group by group"):
        VAE(model.encoder, model.decoder, posterior=family)
    used = ladder()
    with pytest.raises(ValueError, match="this TopDown already belongs to a model"):
        VAE(used.encoder, used.decoder, posterior=used.posterior)
