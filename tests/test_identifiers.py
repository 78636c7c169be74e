"""Names and objects become parts."""

import keras
import pytest

from keras_vae.identifiers import close_names, resolve
from keras_vae.likelihoods.bernoulli import Bernoulli
from keras_vae.likelihoods.binomial import Binomial
from keras_vae.likelihoods.choices import LIKELIHOODS
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.objectives.choices import OBJECTIVES
from keras_vae.posteriors.choices import POSTERIORS
from keras_vae.priors.choices import PRIORS


def test_close_names():
    assert close_names("bernuli", ["bernoulli", "binomial"]) == "did you mean 'bernoulli'?"
    assert close_names("x", ["bernoulli", "binomial"]) == "choose one of bernoulli, binomial"


@pytest.mark.parametrize("name", sorted(LIKELIHOODS))
def test_a_name_an_object_and_a_configuration(name):
    part = resolve(name, Likelihood, LIKELIHOODS)
    assert type(part) is LIKELIHOODS[name]
    assert resolve(part, Likelihood, LIKELIHOODS) is part
    configuration = keras.saving.serialize_keras_object(part)
    assert type(resolve(configuration, Likelihood, LIKELIHOODS)) is LIKELIHOODS[name]


def test_a_configuration_keeps_its_arguments():
    assert resolve(keras.saving.serialize_keras_object(Binomial(3)), Likelihood, LIKELIHOODS).trials == 3


@pytest.mark.parametrize("part", [3, None, keras.layers.Dense(1), Bernoulli])
def test_strangers_are_refused(part):
    with pytest.raises(ValueError, match=r"likelihood is .*expected an object of keras_vae's class Likelihood"):
        resolve(part, Likelihood, LIKELIHOODS)


@pytest.mark.parametrize("choices", [LIKELIHOODS, PRIORS, POSTERIORS, OBJECTIVES])
def test_every_choice_comes_back_from_its_configuration(choices):
    for make in choices.values():
        part = make()
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(part))
        assert type(again) is type(part)
