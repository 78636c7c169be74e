import keras
import numpy as np
import pytest

from keras_vae.models.vae import VAE
from keras_vae.runs.fit import LastGood


@pytest.fixture
def trained(tmp_path):
    """A model of two epochs, the callback that watched it, and its state after each epoch."""
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, likelihood="bernoulli")
    x = np.random.default_rng(0).uniform(size=[32, 8, 8, 1]).astype("float32")
    model.compile(keras.optimizers.Adam(0.01))
    states = []
    last_good = LastGood(tmp_path / "new" / "run")
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: states.append(state_of(model)))
    model.fit(x, epochs=2, batch_size=16, verbose=0, callbacks=[last_good, watch])
    return model, last_good, states


def state_of(model):
    return [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]


def test_the_state_after_the_last_epoch_is_written_exactly(trained, tmp_path):
    model, last_good, states = trained
    for weight in model.trainable_weights:
        weight.assign(np.full(weight.shape, np.nan))
    said = last_good.write()
    path = tmp_path / "new" / "run" / "checkpoint.keras"
    assert said == f"{path} (after epoch 2)"
    assert [file.name for file in path.parent.iterdir()] == ["checkpoint.keras"]
    loaded = state_of(keras.models.load_model(path))
    assert len(loaded) == len(states[1])
    for value, expected in zip(loaded, states[1], strict=True):
        np.testing.assert_array_equal(value, expected)
    assert any(not np.array_equal(one, two) for one, two in zip(*states, strict=True))


def test_before_the_first_epoch_ends_the_initial_state_is_held(tmp_path):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, likelihood="bernoulli")
    model.compile("adam")
    initial = [weight.numpy() for weight in model.weights]
    last_good = LastGood(tmp_path)
    last_good.set_model(model)
    last_good.on_train_begin()
    model.trainable_weights[0].assign_add(np.ones(model.trainable_weights[0].shape))
    assert last_good.write().endswith("(after epoch 0)")
    for value, expected in zip(keras.models.load_model(tmp_path / "checkpoint.keras").weights, initial, strict=True):
        np.testing.assert_array_equal(value.numpy(), expected)
