"""What every objective must do, and a fit on digits with every member of every family."""

import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from keras_vae import registry
from keras_vae.models.vae import VAE
from keras_vae.posteriors import CouplingFlow
from keras_vae.priors import RealNVP, VampPrior
from keras_vae.random.noise import TRAINING, normal

DIGITS = (load_digits().images[:32, :, :, None] / 16).astype("float32")
# Each member of the other families meets one objective at least; a VampPrior takes a diagonal posterior only.
PARTS = [
    {"objective": objective, "likelihood": likelihood, "prior": prior}
    for objective, likelihood, prior in zip(
        registry.names("objective"),
        itertools.cycle(registry.names("likelihood")),
        itertools.cycle(registry.names("prior")),
        strict=False,
    )
]
for place, parts in enumerate(PARTS):
    others = ("full_normal", "coupling_flow")  # in an order in which no model has two flows, which take long to compile
    parts["posterior"] = "diagonal_normal" if parts["prior"] == "vamp" else others[place // 2 % len(others)]


def model_of(parts):
    small = {
        "vamp": lambda: VampPrior(4),
        "real_nvp": lambda: RealNVP(2, (8,)),
        "coupling_flow": lambda: CouplingFlow(couplings=2, hidden=8, context=4),
    }
    made = {part: small[name]() if name in small else name for part, name in parts.items()}
    return VAE.from_preset("digits_mlp", latent_dim=3, network={"hidden": [8]}, **made)


def test_the_fits_cover_every_member():
    for kind in ("likelihood", "prior", "posterior"):
        # the ladder's posterior takes a ladder, and meets every objective in test_every_combination
        assert {parts[kind] for parts in PARTS} == set(registry.names(kind)) - {"top_down"}
    assert all(parts["posterior"] == "diagonal_normal" for parts in PARTS if parts["prior"] == "vamp")


@pytest.mark.filterwarnings("ignore:.* is not a likelihood of these pixels")
@pytest.mark.parametrize("parts", PARTS, ids=lambda parts: "-".join(parts.values()))
def test_fits_saves_loads_and_generates(parts, tmp_path):
    model = model_of(parts)
    model.compile("adam", jit_compile=True, steps_per_execution=1)
    before = [weight.numpy() for weight in model.trainable_weights]
    history = model.fit(DIGITS, batch_size=16, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    for weight, start in zip(model.trainable_weights, before, strict=True):
        assert np.any(weight.numpy() != start), weight.path
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(3, seed=1), model.generate(3, seed=1))
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded.objective.get_config() == model.objective.get_config()


@pytest.mark.parametrize("parts", PARTS, ids=lambda parts: "-".join(parts.values()))
def test_is_float32_and_finite_under_mixed_precision(parts):
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        model = model_of(parts)
    finally:
        keras.mixed_precision.set_dtype_policy(before)
    assert model.encoder.layers[-1].compute_dtype == "float16"
    model.step.assign(1)
    noise = normal(0, TRAINING, 1, [model.objective.samples, 4, 3])
    for term in model.terms(tf.constant(DIGITS[:4]), None, noise, training=True):
        assert term.dtype == tf.float32
        assert term.shape == (4,)
        assert np.isfinite(term.numpy()).all()


@pytest.mark.parametrize("name", registry.names("objective"))
def test_comes_back_from_json(name):
    objective = registry.get("objective", name)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(objective)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(objective)
    assert again.get_config() == objective.get_config()


@pytest.mark.parametrize("name", registry.names("objective"))
def test_a_lone_image_is_judged(case, name):
    objective = registry.get("objective", name)
    made = case(samples=objective.samples, n=1)
    for asked in (objective, objective.at(tf.constant(5))):
        assert all(np.isfinite(term.numpy()).all() for term in asked(**made.arguments))


@pytest.mark.parametrize("name", registry.names("objective"))
def test_its_arguments_stay_as_they_are(name):
    """A callback that changed one would be heard by the log, but not by the compiled steps."""
    objective = registry.get("objective", name)
    for argument in vars(objective):
        with pytest.raises(AttributeError, match=f"^{argument} is set to 9.0 on an objective that has one: expected"):
            setattr(objective, argument, 9.0)
        assert vars(objective.replace(**{argument: 9.0}))[argument] == 9.0
        assert vars(objective)[argument] != 9.0
