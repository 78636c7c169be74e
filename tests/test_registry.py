"""Names, objects and configurations become parts."""

import subprocess
import sys

import keras
import pytest

from keras_vae import registry
from keras_vae.likelihoods import Bernoulli, Binomial

KINDS = ("likelihood", "prior", "posterior", "objective")


@pytest.mark.parametrize("name", registry.names("likelihood"))
def test_a_name_an_object_and_a_configuration(name):
    part = registry.get("likelihood", name)
    assert type(part) is registry.load("likelihood", name)
    assert registry.get("likelihood", part) is part
    configuration = keras.saving.serialize_keras_object(part)
    assert type(registry.get("likelihood", configuration)) is type(part)


def test_a_configuration_keeps_its_arguments():
    assert registry.get("likelihood", keras.saving.serialize_keras_object(Binomial(3))).trials == 3


@pytest.mark.parametrize("part", [3, None, keras.layers.Dense(1), Bernoulli])
def test_strangers_are_refused(part):
    with pytest.raises(ValueError, match=r"likelihood is .*expected an object of keras_vae's class Likelihood"):
        registry.get("likelihood", part)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bernuli", r"^likelihood is 'bernuli': expected one of bernoulli, binomial.*; did you mean 'bernoulli'\?$"),
        ("x", r"^likelihood is 'x': expected one of bernoulli, .*; choose one of them$"),
    ],
)
def test_unknown_names_are_refused_with_those_near(name, message):
    for refuse in (registry.check_name, registry.load, registry.get):
        with pytest.raises(ValueError, match=message):
            refuse("likelihood", name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_comes_back_from_its_configuration(kind):
    for name in registry.names(kind):
        part = registry.get(kind, name)
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))
        assert type(again) is type(part)
        assert again.get_config() == part.get_config()


def test_a_name_may_mean_arguments():
    assert registry.get("objective", "mmd_vae").alpha == 1
    assert registry.get("objective", "iwae_dreg").doubly_reparameterised
    assert type(registry.get("objective", "linear_warm_up").kl_weight).__name__ == "LinearWarmUp"


@pytest.mark.parametrize("name", ["cyclical_annealing", "cyclic_warm_up"])
def test_former_names_are_known(name):
    assert type(registry.get("objective", name).kl_weight).__name__ == "CyclicalAnnealing"


@pytest.mark.parametrize("kind", [*KINDS, "network", "optimizer", "augmentation", "runtime"])
def test_every_name_can_be_loaded(kind):
    assert all(callable(registry.load(kind, name)) for name in registry.names(kind))


def test_names_load_no_tensorflow():
    code = "import sys; from keras_vae import registry; registry.names('prior'); print('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
