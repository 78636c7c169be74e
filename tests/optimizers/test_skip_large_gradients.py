"""Updates whose gradient is unusable are skipped, exactly and countedly; training goes on as if they had not been."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.models.terminate_on_divergence import TrainingDiverged
from keras_vae.objectives.objective import Terms
from keras_vae.random.noise import TRAINING, normal

COMPILED = [{"jit_compile": False}, {"jit_compile": True}, {"run_eagerly": True}]
IDS = ["graph", "xla", "eager"]


def batches(digits):
    """Six batches, of which the third and the fifth have far larger gradients."""
    images = np.tile(digits, [3, 1, 1, 1])
    images[20:30] = images[40:50] = 1.0
    return tf.data.Dataset.from_tensor_slices(images).batch(10)


def adam():
    return keras.optimizers.Adam(0.01, weight_decay=0.1, use_ema=True, ema_momentum=0.5)


def terms_of(model, x, step):
    return model.terms(tf.constant(x), None, normal(model.seed, TRAINING, step, [1, len(x), 2]), training=True)


def gradients(model, x, step):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(terms_of(model, x, step).loss)
    return tape.gradient(loss, model.trainable_weights)


def state(model):
    return [each.numpy() for each in (*model.trainable_weights, *model.optimizer.variables[:-1])]


def by_hand(model, data, limit):
    """The same training one step at a time, leaving out each update by not making it."""
    optimizer, skipped = adam(), 0
    optimizer.build(model.trainable_weights)
    for step, x in enumerate(data):
        found = gradients(model, x, step)
        norm = np.sqrt(sum(np.sum(np.square(each.numpy(), dtype=np.float64)) for each in found))
        if norm <= limit:
            optimizer.apply_gradients(zip(found, model.trainable_weights, strict=True))
        else:
            skipped += 1
    optimizer.finalize_variable_values(model.trainable_weights)
    return skipped, [weight.numpy() for weight in model.trainable_weights], int(optimizer.iterations.numpy())


@pytest.fixture
def limit(make_vae, digits):
    """Between the norms of ordinary and of large gradients."""
    model = make_vae()
    norms = [float(tf.linalg.global_norm(gradients(model, x, step))) for step, x in enumerate(batches(digits))]
    ordinary, large = np.array(norms)[[0, 1, 3, 5]], np.array(norms)[[2, 4]]
    assert ordinary.max() < 0.7 * large.min()
    return float(0.5 * (ordinary.max() + large.min()))


@pytest.mark.parametrize("arguments", COMPILED, ids=IDS)
def test_large_gradients_are_skipped_as_if_by_hand(make_vae, digits, limit, arguments):
    skipped, weights, made = by_hand(make_vae(), batches(digits), limit)
    assert skipped == 2
    model = make_vae()
    model.compile(adam(), skip_gradients_above=limit, **arguments)
    history = model.fit(batches(digits), verbose=0).history
    assert history["skipped_updates"] == [skipped]
    assert int(model.optimizer.iterations.numpy()) == made == 6 - skipped
    assert int(model.step) == 6
    for weight, expected in zip(model.trainable_weights, weights, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)


@pytest.mark.parametrize("arguments", COMPILED, ids=IDS)
def test_what_is_not_finite_is_skipped_and_not_averaged(make_vae, digits, arguments):
    """A likelihood that explodes at some images: neither weights, moments, averages nor the means of the loss know."""
    images = np.tile(digits, [3, 1, 1, 1])
    images[20:30] = 1.0  # the third batch
    model = make_vae()
    terms = model.terms

    def exploding(x, *others, **more):
        factor = tf.where(tf.reduce_all(x == 1.0), np.nan, 1.0)
        return Terms(*(each * factor for each in terms(x, *others, **more)))

    model.terms = exploding
    model.compile(adam(), skip_gradients_above=float("inf"), **arguments)
    history = model.fit(tf.data.Dataset.from_tensor_slices(images).batch(10), verbose=0).history
    assert history["skipped_updates"] == [1]
    assert int(model.optimizer.iterations.numpy()) == 5
    assert all(np.isfinite(each).all() for each in state(model))
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][0] == pytest.approx(history["reconstruction_loss"][0] + history["kl_loss"][0], rel=1e-5)

    alone = make_vae()  # the same steps but the third
    optimizer, losses = adam(), []
    optimizer.build(alone.trainable_weights)
    for step in (0, 1, 3, 4, 5):
        x = images[10 * step : 10 * step + 10]
        losses.append(np.mean(terms_of(alone, x, step).loss))
        optimizer.apply_gradients(zip(gradients(alone, x, step), alone.trainable_weights, strict=True))
    optimizer.finalize_variable_values(alone.trainable_weights)
    assert history["loss"][0] == pytest.approx(np.mean(losses), rel=1e-5)
    for weight, expected in zip(model.trainable_weights, alone.trainable_weights, strict=True):
        np.testing.assert_allclose(weight, expected, atol=1e-5)


def test_a_limit_that_nothing_exceeds_changes_no_bit(make_vae, digits):
    plain, limited = make_vae(), make_vae()
    plain.compile(adam(), jit_compile=False)
    limited.compile(adam(), jit_compile=False, skip_gradients_above=1e9)
    for model in (plain, limited):
        model.fit(batches(digits), verbose=0)
    for one, other in zip(plain.get_weights(), limited.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_norm_is_that_of_the_unscaled_gradient(make_vae, digits, limit):
    """Under loss scaling, and an overflow reaches the loss scale."""
    expected, weights, _ = by_hand(make_vae(), batches(digits), limit)
    scaled = keras.optimizers.LossScaleOptimizer(adam(), initial_scale=2.0**10)
    model = make_vae()
    model.compile(scaled, jit_compile=False, skip_gradients_above=limit)
    assert model.fit(batches(digits), verbose=0).history["skipped_updates"] == [expected]
    for weight, value in zip(model.trainable_weights, weights, strict=True):
        np.testing.assert_allclose(weight, value, atol=1e-5)

    overflowing = keras.optimizers.LossScaleOptimizer(adam(), initial_scale=2.0**127)
    model = make_vae()
    terms = model.terms
    model.terms = lambda *arguments, **more: Terms(*(16 * each for each in terms(*arguments, **more)))
    model.compile(overflowing, jit_compile=False, skip_gradients_above=1e9)
    history = model.fit(batches(digits), verbose=0).history
    assert history["skipped_updates"] == [6 - int(overflowing.iterations.numpy())]
    assert history["skipped_updates"][0] > 0
    assert float(overflowing.dynamic_scale.numpy()) == 2.0 ** (127 - history["skipped_updates"][0])


def test_a_resumed_training_counts_on(make_vae, digits, limit, tmp_path):
    def compiled():
        model = make_vae()
        model.compile(adam(), jit_compile=False, skip_gradients_above=limit)
        return model

    whole = compiled()
    history = whole.fit(batches(digits), epochs=2, verbose=0).history
    for epochs in (1, 2):
        model, checkpoint = compiled(), Checkpoint(tmp_path)
        epoch = checkpoint.resume(model)
        resumed = model.fit(batches(digits), initial_epoch=epoch, epochs=epochs, verbose=0, callbacks=[checkpoint])
    assert resumed.history["skipped_updates"] == history["skipped_updates"]
    for one, other in zip(state(model), state(whole), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_saved_model_keeps_limit_and_count(make_vae, digits, limit, tmp_path):
    model = make_vae()
    model.compile(adam(), jit_compile=False, skip_gradients_above=limit)
    before = model.fit(batches(digits), verbose=0).history["skipped_updates"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.skip_gradients_above == model.skip_gradients_above
    assert int(loaded.optimizer.skipped_updates.numpy()) == before == 2
    histories = [each.fit(batches(digits), verbose=0).history for each in (model, loaded)]
    assert histories[0]["skipped_updates"] == histories[1]["skipped_updates"]


def test_an_epoch_of_nothing_but_skips_ends_the_training(make_vae, digits):
    model = make_vae()
    model.compile("adam", jit_compile=False, skip_gradients_above=1e-6)
    before = [weight.numpy() for weight in model.trainable_weights]
    with pytest.raises(TrainingDiverged, match=r"every update of epoch 1 was skipped.*at most 1e-06; raise") as error:
        model.fit(batches(digits), epochs=3, verbose=0)
    assert "\n" not in str(error.value)
    for weight, start in zip(model.trainable_weights, before, strict=True):
        np.testing.assert_array_equal(weight, start)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), "much", True])
def test_refuses_limits_that_are_none(make_vae, limit):
    with pytest.raises(ValueError, match=r"skip_gradients_above is .*expected a number above 0"):
        make_vae().compile("adam", skip_gradients_above=limit)


def test_without_a_limit_there_is_no_count(make_vae, digits):
    model = make_vae()
    model.compile("adam", jit_compile=False, skip_gradients_above=1.0)
    model.compile("adam", jit_compile=False)
    assert "skipped_updates" not in model.fit(batches(digits), verbose=0).history
    assert not hasattr(model.optimizer, "skipped_updates")
