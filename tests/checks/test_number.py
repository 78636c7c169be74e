"""A number given wrongly ends in one line that names it, wherever it is given."""

import numpy as np
import pytest

import keras_vae
from keras_vae.callbacks.collapse_monitor import CollapseMonitor
from keras_vae.callbacks.tensorboard_samples import TensorBoardSamples
from keras_vae.likelihoods.binomial import Binomial
from keras_vae.likelihoods.discretised_logistic_mixture import DiscretisedLogisticMixture
from keras_vae.likelihoods.gaussian import Gaussian, LearnedGaussian, OptimalGaussian
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.objectives.annealing import CyclicalAnnealing, LinearWarmUp
from keras_vae.objectives.beta_tc_vae import BetaTCVAE
from keras_vae.objectives.elbo import ELBO, BetaVAE
from keras_vae.objectives.free_bits import FreeBits
from keras_vae.objectives.info_vae import InfoVAE
from keras_vae.objectives.iwae import IWAE
from keras_vae.posteriors.coupling_flow import CouplingFlow
from keras_vae.priors.mixture import GaussianMixture
from keras_vae.priors.real_nvp import RealNVP
from keras_vae.priors.vamp import VampPrior

IMAGES = np.zeros([4, 8, 8, 1], "float32")
GIVEN = [
    *((made, name) for made, name in [(Binomial, "trials"), (DiscretisedLogisticMixture, "components")]),
    *((made, "stddev") for made in (Gaussian, LearnedGaussian, OptimalGaussian)),
    *((made, "kl_weight") for made in (ELBO, FreeBits)),
    *((made, "seed") for made in (InfoVAE, CouplingFlow, GaussianMixture, RealNVP, VampPrior)),
    *((BetaTCVAE, name) for name in ("beta", "alpha", "gamma", "dataset_size")),
    *((CyclicalAnnealing, name) for name in ("period", "cycles", "rising", "final")),
    *((LinearWarmUp, name) for name in ("steps", "final")),
    *((InfoVAE, name) for name in ("alpha", "scale")),
    *((CouplingFlow, name) for name in ("couplings", "hidden", "context")),
    *((RealNVP, name) for name in ("layers", "hidden")),
    (BetaVAE, "beta"),
    (FreeBits, "free_nats"),
    (IWAE, "samples"),
    (GaussianMixture, "components"),
    (VampPrior, "pseudo_inputs"),
]


@pytest.mark.parametrize("value", ["x", None, float("nan"), float("inf"), -1.5])
@pytest.mark.parametrize(("made", "name"), GIVEN, ids=lambda each: getattr(each, "__name__", each))
def test_parts(made, name, value):
    if (made, name, value) == (InfoVAE, "alpha", -1.5):
        pytest.skip("is a number that it takes")
    with pytest.raises(ValueError, match=rf"^{name} is .*expected") as error:
        made(**{name: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", ["x", None, 0, 2.5])
@pytest.mark.parametrize("name", ["count", "least", "patience"])
def test_callbacks(tmp_path, name, value):
    with pytest.raises(ValueError, match=f"^{name} is .*expected"):
        CollapseMonitor(IMAGES, **{name: value})
    if name == "count":
        with pytest.raises(ValueError, match=r"^count is .*expected"):
            TensorBoardSamples(tmp_path, count=value)


@pytest.mark.parametrize("value", ["x", None, 0, 2.5])
def test_evaluation(value):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]})
    for judge in (keras_vae.evaluate, keras_vae.elbo_surgery):
        with pytest.raises(ValueError, match=r"^batch_size is .*expected a whole number"):
            judge(model, IMAGES, batch_size=value)
    with pytest.raises(ValueError, match=r"^components is .*expected a whole number"):
        model.fit_sampler(IMAGES, components=value)


@pytest.mark.parametrize("model", ["runs/digits", None, "autoencoder"])
def test_what_is_judged_is_a_vae(model):
    if model == "autoencoder":
        model = Autoencoder.from_preset("digits_mlp")
    for judge in (
        lambda: keras_vae.evaluate(model, IMAGES),
        lambda: keras_vae.elbo_surgery(model, IMAGES),
        lambda: keras_vae.mutual_information_gap(model, IMAGES, {"a": [0, 1, 0, 1]}),
    ):
        with pytest.raises(ValueError, match=f"^model is a {type(model).__name__}: expected a keras_vae.VAE"):
            judge()
