"""Room for a hierarchy of latents: a posterior that walks down the decoder's stages is a posterior like any other.

A ladder of two groups, one number each, in the coordinates of the noise: z_l = m_l(h_l) + s_l(h_l) e_l. It is small
enough for quadrature. Model, training step, objectives, bound and exporter are those of every VAE.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from keras_vae import VAE
from keras_vae.evaluation.importance import ImportanceWeightedBound
from keras_vae.export.formats.signatures import signatures
from keras_vae.objectives import IWAE, FreeBits
from keras_vae.posteriors import Posterior

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae_tests")
class LadderDecoder(keras.Model):
    """Latents `[..., 2]` to logits `[..., 2, 2, 1]`, walkable group by group."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        make = keras.initializers.RandomNormal(stddev=0.7, seed=3)
        self.first = self.add_weight(shape=(2,), initializer=make, name="first")
        self.inner = self.add_weight(shape=(1, 2), initializer=make, name="inner")
        self.pixels = self.add_weight(shape=(2, 4), initializer=make, name="pixels")
        self.walks = 0
        self.built = True

    def walk(self, choose):
        """`choose(group, state)` returns the group's latents e `[..., 1]`."""
        self.walks += 1
        mean, log_scale = self.first[0], self.first[1]
        top = mean + tf.exp(log_scale) * choose(0, None)
        state = tf.tanh(top @ self.inner)
        below = state[..., :1] + tf.exp(0.3 * state[..., 1:]) * choose(1, state)
        outputs = tf.concat([top, below], axis=-1) @ self.pixels
        return tf.reshape(outputs, tf.concat([tf.shape(outputs)[:-1], [2, 2, 1]], axis=0))

    def call(self, inputs):
        return self.walk(lambda group, state: inputs[..., group : group + 1])


class TopDown(Posterior):
    """q(e_l | e_<l, x) = N(a_l + b_l . h_l, exp(c_l)^2), with (a_1, c_1, a_2, c_2) from the encoder."""

    def __init__(self, decoder, **kwargs):
        super().__init__(**kwargs)
        self.walk = decoder.walk  # the decoder's weights stay the decoder's

    @property
    def parameters_shape(self):
        return (4,)

    def infer(self, parameters, noise, decode, path=tf.identity):
        moments, latents = [], []

        def choose(group, state):
            mean, log_scale = parameters[..., 2 * group, None], parameters[..., 2 * group + 1, None]
            if state is not None:
                mean = mean + tf.reduce_sum(state, axis=-1, keepdims=True)
            stddev = tf.exp(log_scale)
            e = mean + stddev * noise[..., group : group + 1]
            moments.append((mean + tf.zeros_like(e), stddev + tf.zeros_like(e)))
            latents.append(path(e))
            return latents[-1]

        outputs = self.walk(choose)
        mean, stddev = (tf.concat(each, axis=-1) for each in zip(*moments, strict=True))
        return tfd.Independent(tfd.Normal(mean, stddev), 1), tf.concat(latents, axis=-1), outputs

    def call(self, parameters):
        """Along the mean path."""
        return self.infer(parameters, tf.zeros_like(parameters[..., :2]), None)[0]


def ladder(**changes):
    start = keras.initializers.RandomNormal(stddev=0.2, seed=5)
    wide = keras.initializers.Constant([0, 0.6, 0, 0.6])  # wider than p(z|x), so that importance weights are bounded
    moments = keras.layers.Dense(4, kernel_initializer=start, bias_initializer=wide)
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), moments])
    decoder = LadderDecoder()
    return VAE(encoder, decoder, posterior=TopDown(decoder), latent_dim=2, **changes)


IMAGES = np.random.default_rng(0).integers(0, 2, [6, 2, 2, 1]).astype("float32")
GRID = np.linspace(-7, 7, 281)


def quadrature(model, x):
    """log p(x), and of q its entropy part E_q[log q - log p], of one image, over a grid of latents."""
    e = np.stack(np.meshgrid(GRID, GRID, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    cell = (GRID[1] - GRID[0]) ** 2
    log_prior = stats.norm.logpdf(e).sum(axis=-1)
    log_likelihood = model.decode(e).log_prob(x).numpy()
    log_evidence = np.log(np.sum(np.exp(log_prior + log_likelihood)) * cell)
    a = model.encoder(x[None]).numpy()[0].astype("float64")
    first, inner = (np.asarray(each, np.float64) for each in (model.decoder.first, model.decoder.inner))
    state = np.tanh((first[0] + np.exp(first[1]) * e[:, :1]) @ inner)
    log_q = stats.norm.logpdf(e[:, 0], a[0], np.exp(a[1])) + stats.norm.logpdf(
        e[:, 1], a[2] + state.sum(axis=-1), np.exp(a[3])
    )
    q = np.exp(log_q) * cell
    return log_evidence, np.sum(q * (log_q - log_prior)), np.sum(q * log_likelihood)


def test_the_terms_are_the_elbo_from_one_walk():
    model = ladder()
    noise = np.random.default_rng(1).normal(size=[20_000, 1, 2]).astype("float32")
    _, kl, log_likelihood = quadrature(model, IMAGES[0])
    before = model.decoder.walks
    terms = model.terms(tf.constant(IMAGES[:1]), None, tf.constant(noise))
    assert model.decoder.walks == before + 1
    assert terms.kl.shape == terms.loss.shape == (1,)
    assert float(terms.kl[0]) == pytest.approx(kl, rel=0.01)
    assert float(terms.reconstruction[0]) == pytest.approx(-log_likelihood, rel=0.01)


@pytest.mark.parametrize("objective", ["elbo", IWAE(4), IWAE(4, doubly_reparameterised=True), FreeBits(0.01)])
def test_it_trains_with_every_kind_of_objective(objective):
    model = ladder(objective=objective)
    model.compile(keras.optimizers.Adam(0.03), jit_compile=False)
    loss = model.fit(IMAGES, batch_size=6, epochs=40, verbose=0).history["loss"]
    assert loss[-1] < loss[0] - 0.1
    model.evaluate(IMAGES, verbose=0)


def test_the_bound_tends_to_the_evidence():
    model = ladder()
    expected = [quadrature(model, x)[0] for x in IMAGES]
    found = ImportanceWeightedBound(model, 100_000)(tf.constant(IMAGES))
    np.testing.assert_allclose(found.bound, expected, atol=0.03)


def test_it_generates_and_is_exported():
    model = ladder()
    functions = signatures(model)
    drawn = functions["generate"](np.arange(3, dtype=np.int32), np.int32(1), np.float32(1))
    np.testing.assert_allclose(drawn["image"], model.generate(3, seed=1), atol=1e-6)
    encoded = functions["encode"](IMAGES)
    np.testing.assert_allclose(encoded["mean"], model.encode(IMAGES).mean(), atol=1e-6)
    np.testing.assert_allclose(functions["reconstruct"](IMAGES)["image"], model.reconstruct(IMAGES), atol=1e-6)


def test_its_scores_tend_to_the_terms_by_quadrature():
    model = ladder()
    log_evidence, kl, log_likelihood = quadrature(model, IMAGES[0])
    found = model.score(IMAGES[:1], 100_000)
    assert found.kl[0] == pytest.approx(kl, rel=0.01)
    assert found.reconstruction[0] == pytest.approx(-log_likelihood, rel=0.01)
    assert found.bound[0] == pytest.approx(log_evidence, abs=0.03)
