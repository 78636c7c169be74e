"""The VAE: its terms, its faces and its prior."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.vae import VAE
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.iwae import IWAE
from keras_vae.random.noise import TRAINING, VALIDATION, normal
from keras_vae.random.portable import latents_numpy


def slow_terms(model, x, stream, step, kl_weight=1.0):
    """The mean loss, reconstruction and KL of a batch in NumPy, from the networks' outputs and the same noise."""
    parameters = model.encoder(x).numpy().astype("float64")
    mean, log_variance = np.split(parameters, 2, axis=1)
    noise = normal(model.seed, stream, step, [1, len(x), model.latent_dim]).numpy()[0]
    logits = model.decoder((mean + np.exp(0.5 * log_variance) * noise).astype("float32")).numpy().astype("float64")
    s = 1 / (1 + np.exp(-logits))
    reconstruction = -(x * np.log(s) + (1 - x) * np.log(1 - s)).sum(axis=(1, 2, 3))
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)
    return np.stack([reconstruction + kl_weight * kl, reconstruction, kl])


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("kl_weight", [1.0, 0.25])
def test_fit_logs_sums_in_nats(make_vae, digits, kl_weight, jit_compile):
    model = make_vae(objective=ELBO(kl_weight), seed=3)
    # A rate of 0 keeps the weights, so that both batches, of 12 and 8, can be judged afterwards.
    model.compile(keras.optimizers.SGD(0.0), jit_compile=jit_compile)
    history = model.fit(digits, batch_size=12, shuffle=False, verbose=0).history
    assert history.keys() == set(model.objective.logged) == {"loss", "reconstruction_loss", "kl_loss"}
    batches = [
        slow_terms(model, digits[:12], TRAINING, 0, kl_weight),
        slow_terms(model, digits[12:], TRAINING, 1, kl_weight),
    ]
    expected = np.concatenate(batches, axis=1).mean(axis=1)
    np.testing.assert_allclose([history[name][0] for name in model.objective.logged], expected, rtol=1e-4)
    assert history["loss"][0] == pytest.approx(
        history["reconstruction_loss"][0] + kl_weight * history["kl_loss"][0], rel=1e-5
    )


def test_evaluate_judges_with_noise_of_its_own(make_vae, digits):
    model = make_vae()
    model.compile("adam", jit_compile=False)
    logs = model.evaluate(digits, batch_size=20, verbose=0, return_dict=True)
    expected = slow_terms(model, digits, VALIDATION, 0).mean(axis=1)
    np.testing.assert_allclose([logs["loss"], logs["reconstruction_loss"], logs["kl_loss"]], expected, rtol=1e-4)


def test_training_learns(make_vae, digits):
    model = make_vae()
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    loss = model.fit(digits, batch_size=10, epochs=60, verbose=0).history["loss"]
    assert loss[-1] < 0.7 * loss[0]


def test_validation_is_repeatable_and_leaves_training_alone(make_vae, digits, weights_of):
    train = tf.data.Dataset.from_tensor_slices(digits).batch(8)
    with_validation, without = make_vae(), make_vae()
    for model in (with_validation, without):
        model.compile("adam")
    validated = with_validation.fit(train, validation_data=train, epochs=2, verbose=0).history
    plain = without.fit(train, epochs=2, verbose=0).history
    assert validated["loss"] == plain["loss"]
    assert set(validated) == {*plain, "val_loss", "val_reconstruction_loss", "val_kl_loss"}
    first = with_validation.evaluate(train, verbose=0, return_dict=True)
    second = with_validation.evaluate(train, verbose=0, return_dict=True)
    assert first == second
    assert first["loss"] == validated["val_loss"][-1]


def test_labels_are_ignored(make_vae, digits):
    plain = tf.data.Dataset.from_tensor_slices(digits).batch(10)
    labelled = tf.data.Dataset.from_tensor_slices((digits, np.arange(20))).batch(10)
    losses = []
    for data in (plain, labelled):
        model = make_vae()
        model.compile("adam")
        model.fit(data, verbose=0)
        losses.append(model.evaluate(data, verbose=0))
        assert model.predict(data, verbose=0).shape == (20, 8, 8, 1)
    assert losses[0] == losses[1]


def test_call_predict_and_reconstruct_agree(make_vae, digits):
    model = make_vae()
    expected = model.decode(model.encode(digits).mean()).mean().numpy()
    assert expected.dtype == np.float32
    np.testing.assert_allclose(model(digits).numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict(digits, verbose=0), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(digits, batch_size=7), expected, rtol=1e-4, atol=1e-6)
    assert expected.min() >= 0
    assert expected.max() <= 1


def test_distributions_have_the_shapes_of_the_design(make_vae, digits):
    model = make_vae()
    assert model.encode(digits).batch_shape == (20,)
    assert model.encode(digits).event_shape == (2,)
    assert model.prior().event_shape == (2,)
    assert model.decode(tf.zeros([3, 20, 2])).batch_shape == (3, 20)
    assert model.decode(tf.zeros([2])).event_shape == (8, 8, 1)
    assert model.decode(tf.zeros([3, 20, 2])).log_prob(digits).shape == (3, 20)


def test_generate_depends_on_seed_and_number_alone(make_vae):
    model = make_vae()
    images = model.generate(9, seed=7)
    assert images.shape == (9, 8, 8, 1)
    assert images.dtype == np.float32
    np.testing.assert_allclose(model.generate(4, seed=7), images[:4], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.generate(9, seed=7, batch_size=2), images, rtol=1e-5, atol=1e-7)
    assert np.abs(model.generate(9, seed=8) - images).max() > 1e-3
    assert np.abs(images[1:] - images[:-1]).max(axis=(1, 2, 3)).min() > 1e-6


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_generate_decodes_the_portable_latents(make_vae, temperature):
    model = make_vae()
    latents = latents_numpy(-5, np.arange(6), 2, temperature)
    expected = model.decode(latents).mean().numpy()
    np.testing.assert_allclose(model.generate(6, seed=-5, temperature=temperature), expected, rtol=1e-5)
    np.testing.assert_array_equal(model.sample_latents(-5, tf.range(6), temperature).numpy(), latents)


def test_no_temperature_no_variety(make_vae):
    images = make_vae().generate(5, seed=1, temperature=0)
    np.testing.assert_allclose(images, np.broadcast_to(images[:1], images.shape), rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": True}, "count is True"),
        ({"count": 2.5}, "count is 2.5"),
        ({"count": 1, "seed": 2**31}, "seed"),
        ({"count": 1, "temperature": -1.0}, "temperature"),
        ({"count": 1, "temperature": float("nan")}, "temperature"),
    ],
)
def test_generate_refuses(make_vae, arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        make_vae().generate(**arguments)
    assert "\n" not in str(error.value)


def test_dropout_is_active_in_training_only(digits):
    encoder = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dropout(0.5, seed=1), keras.layers.Dense(4)]
    )
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    model = VAE(encoder, decoder)
    still = model.encode(digits).mean().numpy()
    np.testing.assert_array_equal(model.encode(digits).mean().numpy(), still)
    assert np.abs(model.encode(digits, training=True).mean().numpy() - still).max() > 0


@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_the_loss_in_float32(make_vae, digits, policy, name):
    policy(name)
    model = make_vae()
    assert model.encoder.layers[-1].compute_dtype == name.removeprefix("mixed_")
    terms = model.terms(tf.constant(digits), None, normal(0, TRAINING, 0, [1, 20, 2]))
    assert [term.dtype for term in terms] == [tf.float32] * 3
    assert model.encode(digits).mean().dtype == tf.float32
    model.compile("adam")
    assert np.isfinite(model.fit(digits, batch_size=10, verbose=0).history["loss"]).all()
    assert model.generate(2).dtype == np.float32


def test_generate_with_noise_draws_from_the_likelihood(make_vae):
    model = make_vae()
    means, drawn = model.generate(300, seed=7), model.generate(300, seed=7, noise=True)
    assert set(np.unique(drawn)) == {0, 1}  # a Bernoulli's
    assert (drawn - means).mean() == pytest.approx(0, abs=0.02)
    assert np.abs(np.corrcoef((drawn - means).reshape(300, -1)) - np.eye(300)).max() < 0.9  # each its own
    np.testing.assert_array_equal(model.generate(9, seed=7, noise=True, batch_size=4), drawn[:9])
    with pytest.raises(ValueError, match="noise is 'yes': expected True or False"):
        model.generate(1, noise="yes")


def test_a_new_seed_objective_or_likelihood_takes_effect_at_once(make_vae, digits):
    """Compiled steps hold what they were traced with."""
    found, expected = make_vae(likelihood="bernoulli", seed=3), make_vae(likelihood="continuous_bernoulli", seed=4)
    for model in (found, expected):
        model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    found.train_on_batch(digits)
    found.test_on_batch(digits)
    found.reset_metrics()
    found.step.assign(0)
    found.seed, found.likelihood, found.objective = 4, expected.likelihood, ELBO(2.0)
    expected.objective = ELBO(2.0)
    expected.set_weights(found.get_weights())
    np.testing.assert_allclose(found.train_on_batch(digits), expected.train_on_batch(digits))
    np.testing.assert_allclose(found.test_on_batch(digits), expected.test_on_batch(digits))


@pytest.mark.parametrize(
    "method", ["fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"]
)
def test_arguments_given_by_position_are_those_of_keras(method):
    ours, keras_own = (inspect.signature(getattr(model, method)).parameters for model in (VAE, keras.Model))
    named = [name for name, each in ours.items() if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert named == [*keras_own][: len(named)]
    # one by keyword alone would be given twice where its place is filled
    if any(each.kind is each.VAR_POSITIONAL for each in ours.values()):
        assert not any(each.kind is each.KEYWORD_ONLY for each in ours.values())


def test_fit_takes_them(make_vae, digits):
    model, seen = make_vae(), []
    model.compile(steps_per_execution=1, run_eagerly=True)
    noting = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(sorted(logs)))
    model.fit(digits[:8], None, 4, 2, 0, [noting], 0.5)
    assert len(seen) == 2
    assert "val_loss" in seen[0]
    assert model.evaluate(digits[:8], None, 4, 0, np.eye(8)[0])[0] > 0


def test_an_objective_is_set_by_name_as_it_is_given(make_vae):
    model = make_vae()
    model.objective = "iwae"
    assert type(model.objective) is IWAE
    with pytest.raises(ValueError, match="objective is 'iwea': expected one of"):
        model.objective = "iwea"
    assert type(model.objective) is IWAE
