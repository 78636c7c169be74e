"""The likelihoods by name."""

from __future__ import annotations

from keras_vae.likelihoods.bernoulli import Bernoulli
from keras_vae.likelihoods.binomial import Binomial
from keras_vae.likelihoods.likelihood import Likelihood

LIKELIHOODS: dict[str, type[Likelihood]] = {"bernoulli": Bernoulli, "binomial": Binomial}
