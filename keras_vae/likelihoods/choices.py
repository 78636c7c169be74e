"""The likelihoods by name."""

from __future__ import annotations

from keras_vae.likelihoods.bernoulli import Bernoulli
from keras_vae.likelihoods.binomial import Binomial
from keras_vae.likelihoods.continuous_bernoulli import ContinuousBernoulli
from keras_vae.likelihoods.discretised_logistic_mixture import DiscretisedLogisticMixture
from keras_vae.likelihoods.gaussian import Gaussian
from keras_vae.likelihoods.learned_gaussian import LearnedGaussian
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.likelihoods.optimal_gaussian import OptimalGaussian

LIKELIHOODS: dict[str, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "binomial": Binomial,
    "continuous_bernoulli": ContinuousBernoulli,
    "discretised_logistic_mixture": DiscretisedLogisticMixture,
    "gaussian": Gaussian,
    "learned_gaussian": LearnedGaussian,
    "optimal_gaussian": OptimalGaussian,
}
