"""What every likelihood, posterior and prior must do as a layer."""

import pytest
import tensorflow as tf

from keras_vae import registry
from keras_vae.distributions.conditional import ConditionalDistribution
from keras_vae.likelihoods import Bernoulli
from keras_vae.posteriors import CouplingFlow, FullNormal
from keras_vae.priors import GaussianMixture, Prior, RealNVP, StandardNormal, VampPrior

SHAPES = {"likelihood": (4, 4, 3), "posterior": (3,), "prior": (3,)}
MEMBERS = [(kind, name) for kind in SHAPES for name in registry.names(kind)]


@pytest.mark.parametrize(("kind", "name"), MEMBERS)
def test_belongs_to_values_of_one_shape(kind, name):
    family = registry.get(kind, name)
    assert isinstance(family, ConditionalDistribution)
    family.build(SHAPES[kind])
    assert (family.built, family.event_shape) == (True, SHAPES[kind])
    before = family.get_weights()
    family.build(list(SHAPES[kind]))  # as where another model of that shape takes it
    assert len(family.get_weights()) == len(before)
    with pytest.raises(
        ValueError, match=rf"event_shape is \(9,\), but this .* belongs to .*another {type(family).__name__}"
    ):
        family.build((9,))


def test_its_parameters_are_its_values_unless_it_says_otherwise():
    family = ConditionalDistribution()
    family.build((2, 3))
    assert family.parameters_shape == (2, 3)


def test_is_a_layer_that_can_be_part_of_a_model_and_computes_in_float32():
    family = Bernoulli(dtype="mixed_float16")
    assert (family.compute_dtype, family.variable_dtype) == ("float32", "float32")
    p = family(tf.zeros([5, 4, 4, 3]))
    assert (p.batch_shape, p.event_shape) == ((5,), (4, 4, 3))


def test_a_family_must_say_its_distribution_and_its_samples():
    class Nothing(ConditionalDistribution):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing must define call\(parameters\)"):
        Nothing()(tf.zeros([1, 2]))
    with pytest.raises(NotImplementedError, match=r"Nothing must define reparameterize\(distribution, noise\)"):
        Nothing().reparameterize(None, tf.zeros([1, 2]))


@pytest.mark.parametrize("make", [StandardNormal, RealNVP, VampPrior, GaussianMixture, FullNormal, CouplingFlow])
def test_what_needs_its_shape_says_so_in_one_line(make):
    part = make()
    with pytest.raises(
        ValueError, match=rf"^this {make.__name__} does not belong to a model: expected the shape.*build"
    ) as error:
        part(*([] if isinstance(part, Prior) else [tf.zeros([5, 68])]))
    assert "\n" not in str(error.value)
