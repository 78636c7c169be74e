"""KL warm-up: the weights by their formulas, and a resumed training that goes on with the same."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_vae.models.vae import VAE
from keras_vae.objectives import ELBO, BetaTCVAE, CyclicalAnnealing, FreeBits, LinearWarmUp


@settings(max_examples=30, deadline=None)
@given(steps=st.integers(1, 1000), final=st.floats(0, 10), step=st.integers(0, 3000))
def test_linear(steps, final, step):
    assert float(LinearWarmUp(steps, final)(tf.constant(step))) == pytest.approx(
        final * min(1, step / steps), rel=1e-5, abs=1e-6
    )


@settings(max_examples=30, deadline=None)
@given(period=st.integers(1, 300), cycles=st.integers(1, 4), rising=st.floats(0.1, 1), step=st.integers(0, 2000))
def test_cyclical(period, cycles, rising, step):
    expected = 1.0 if step >= period * cycles else min(1, (step % period) / (period * rising))
    assert float(CyclicalAnnealing(period, cycles, rising)(tf.constant(step))) == pytest.approx(
        expected, rel=1e-4, abs=1e-6
    )


def test_the_objective_has_the_weight_of_the_step_and_ends_at_the_final(case):
    made = case()
    objective = ELBO(LinearWarmUp(10, 2.0))
    for asked, weight in ((objective.at(tf.constant(3)), 0.6), (objective.at(tf.constant(30)), 2.0), (objective, 2.0)):
        expected = ELBO(weight)(**made.arguments)
        for term, other in zip(asked(**made.arguments), expected, strict=True):
            np.testing.assert_allclose(term, other, rtol=1e-5)


@pytest.mark.parametrize("objective", [ELBO(LinearWarmUp(7, 0.5)), FreeBits(0.2, CyclicalAnnealing(9, 2, 0.3))])
def test_comes_back_from_its_configuration(objective):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(objective))
    assert again.get_config() == objective.get_config()
    assert float(again.at(tf.constant(2)).kl_weight) == float(objective.at(tf.constant(2)).kl_weight)


def test_any_schedule_of_keras_is_a_weight(case):
    made = case()
    objective = ELBO(keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.5, 2.0]))
    assert objective.adapt(images=1000, steps=400) is objective
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(objective)))
    )
    assert again.get_config() == objective.get_config()
    for asked, weight in ((again.at(tf.constant(3)), 0.5), (again.at(tf.constant(4)), 2.0), (again, 2.0)):
        np.testing.assert_allclose(asked(**made.arguments).loss, ELBO(weight)(**made.arguments).loss, rtol=1e-6)


@pytest.mark.parametrize(
    ("saved", "kind"),
    [
        ({"module": "keras_vae.objectives.linear_warm_up", "class_name": "LinearWarmUp"}, LinearWarmUp),
        ({"module": "keras_vae.objectives.cyclic_warm_up", "class_name": "CyclicWarmUp"}, CyclicalAnnealing),
    ],
)
def test_reads_what_version_0_1_0_saved(saved, kind):
    saved = {**saved, "config": kind().get_config(), "registered_name": f"keras_vae>{saved['class_name']}"}
    assert type(ELBO(saved).kl_weight) is kind


def test_a_resumed_training_goes_on_exactly(tmp_path):
    x = np.random.default_rng(0).integers(0, 2, (16, 8, 8, 1)).astype("float32")

    def make():
        model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]}, objective=ELBO(LinearWarmUp(6)))
        model.compile("adam", jit_compile=False, steps_per_execution=1)
        return model

    uninterrupted, stopped = make(), make()
    uninterrupted.fit(x, epochs=4, batch_size=8, shuffle=False, verbose=0)
    stopped.fit(x, epochs=2, batch_size=8, shuffle=False, verbose=0)
    stopped.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    loaded.fit(x, epochs=4, initial_epoch=2, batch_size=8, shuffle=False, verbose=0)
    for one, other in zip(uninterrupted.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LinearWarmUp(0), "steps is 0"),
        (lambda: LinearWarmUp(5, -1), "final is -1"),
        (lambda: CyclicalAnnealing(0), "period is 0"),
        (lambda: CyclicalAnnealing(cycles=0), "cycles is 0"),
        (lambda: CyclicalAnnealing(rising=0), "rising is 0"),
        (lambda: FreeBits(-0.1), "free_nats is -0.1"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_schedule_can_be_adapted_to_a_training():
    objective = ELBO(LinearWarmUp(steps=7, final=0.5)).adapt(images=1000, steps=400)
    assert objective.kl_weight.get_config() == {"steps": 100, "final": 0.5}
    assert ELBO(2.0).adapt(images=1000, steps=400).kl_weight == 2.0
    cyclical = CyclicalAnnealing(cycles=5, rising=0.25, final=2.0).adapt(steps=400)
    assert cyclical.get_config() == {"period": 80, "cycles": 5, "rising": 0.25, "final": 2.0}
    assert LinearWarmUp().adapt(steps=2).steps == 1


def test_the_beta_tc_vae_is_adapted_to_the_images():
    objective = BetaTCVAE(beta=3.0, alpha=0.5, gamma=2.0).adapt(images=1437, steps=10)
    assert objective.get_config() == {"beta": 3.0, "alpha": 0.5, "gamma": 2.0, "dataset_size": 1437}
