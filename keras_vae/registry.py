"""The parts of a model by name: what Python and the command line call them, and where their classes are.

It loads neither TensorFlow nor a part before the part is asked for.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from keras_vae.checks.shown import first_line, shown

_BASES = {
    "likelihood": "keras_vae.likelihoods.likelihood:Likelihood",
    "prior": "keras_vae.priors.prior:Prior",
    "posterior": "keras_vae.posteriors.posterior:Posterior",
    "objective": "keras_vae.objectives.objective:Objective",
}
# Where a name means more than a class' defaults, the arguments follow; a class among them is made by its defaults.
_MEMBERS: dict[str, dict[str, str | tuple[str, dict[str, Any]]]] = {
    "likelihood": {
        "bernoulli": "keras_vae.likelihoods.bernoulli:Bernoulli",
        "binomial": "keras_vae.likelihoods.binomial:Binomial",
        "colour_logistic_mixture": (
            "keras_vae.likelihoods.discretised_logistic_mixture:DiscretisedLogisticMixture",
            {"linear": True},
        ),
        "continuous_bernoulli": "keras_vae.likelihoods.continuous_bernoulli:ContinuousBernoulli",
        "discretised_logistic_mixture": (
            "keras_vae.likelihoods.discretised_logistic_mixture:DiscretisedLogisticMixture"
        ),
        "gaussian": "keras_vae.likelihoods.gaussian:Gaussian",
        "learned_gaussian": "keras_vae.likelihoods.gaussian:LearnedGaussian",
        "optimal_gaussian": "keras_vae.likelihoods.gaussian:OptimalGaussian",
    },
    "prior": {
        "gaussian_mixture": "keras_vae.priors.mixture:GaussianMixture",
        "real_nvp": "keras_vae.priors.real_nvp:RealNVP",
        "standard_normal": "keras_vae.priors.standard_normal:StandardNormal",
        "vamp": "keras_vae.priors.vamp:VampPrior",
    },
    "posterior": {
        "coupling_flow": "keras_vae.posteriors.coupling_flow:CouplingFlow",
        "diagonal_normal": "keras_vae.posteriors.diagonal_normal:DiagonalNormal",
        "full_normal": "keras_vae.posteriors.full_normal:FullNormal",
        "top_down": "keras_vae.posteriors.top_down:TopDown",
    },
    "objective": {
        "beta_tc_vae": "keras_vae.objectives.beta_tc_vae:BetaTCVAE",
        "beta_vae": "keras_vae.objectives.elbo:BetaVAE",
        "cyclical_annealing": (
            "keras_vae.objectives.elbo:ELBO",
            {"kl_weight": "keras_vae.objectives.annealing:CyclicalAnnealing"},
        ),
        "elbo": "keras_vae.objectives.elbo:ELBO",
        "free_bits": "keras_vae.objectives.free_bits:FreeBits",
        "info_vae": "keras_vae.objectives.info_vae:InfoVAE",
        "iwae": "keras_vae.objectives.iwae:IWAE",
        "iwae_dreg": ("keras_vae.objectives.iwae:IWAE", {"doubly_reparameterised": True}),
        "linear_warm_up": (
            "keras_vae.objectives.elbo:ELBO",
            {"kl_weight": "keras_vae.objectives.annealing:LinearWarmUp"},
        ),
        "mmd_vae": ("keras_vae.objectives.info_vae:InfoVAE", {"alpha": 1.0}),
    },
    "network": {
        "convolutional": "keras_vae.networks.convolutional:convolutional",
        "dense": "keras_vae.networks.dense:dense",
        "ladder": "keras_vae.networks.ladder:ladder",
        "pixel_shuffle": "keras_vae.networks.pixel_shuffle:pixel_shuffle",
        "residual": "keras_vae.networks.residual:residual",
    },
    "optimizer": {
        "adam": "keras.optimizers:Adam",
        "muon": "keras_vae.optimizers.convolutional_muon:ConvolutionalMuon",
    },
    "augmentation": {
        "flip": "keras_vae.data.augment:flip",
        "shift": "keras_vae.data.augment:shift",
    },
    "runtime": {
        "onnx": "keras_vae.export.runtimes.onnxruntime:ONNXRuntime",
        "saved_model": "keras_vae.export.runtimes.tensorflow:TensorFlow",
        "tflite": "keras_vae.export.runtimes.litert:LiteRT",
    },
}
# Names that version 0.1.0 had, and that runs recorded.
_FORMER = {"cyclic_warm_up": "cyclical_annealing", "half_resolution": "pixel_shuffle"}
# Where else classes live that Keras must know before it can load a file that holds them.
_SERIALIZABLE = (
    "keras_vae.networks.reshaping",
    "keras_vae.networks.top_down",
    "keras_vae.objectives.annealing",
    "keras_vae.objectives.reconstruction",
    "keras_vae.optimizers.convolutional_muon",
    "keras_vae.optimizers.skip_large_gradients",
    "keras_vae.posteriors.deterministic",
    "keras_vae.priors.mixture",
    "keras_vae.models.vae",
    "keras_vae.models.autoencoder",
)


def names(kind: str) -> list[str]:
    """Return the names of a kind's members.

    Args:
        kind: "likelihood", "prior", "posterior", "objective", "network", "optimizer", "augmentation" or "runtime".

    Example:
        >>> names("posterior")
        ['coupling_flow', 'diagonal_normal', 'full_normal', 'top_down']
    """
    return sorted(_MEMBERS[kind])


def check_name(kind: str, name: Any) -> None:
    """Raise ValueError for a name that no member of the kind has; what is no string is left alone.

    Example:
        >>> check_name("prior", "vamp")
    """
    if isinstance(name, str) and _FORMER.get(name, name) not in _MEMBERS[kind]:
        raise unknown_name(kind, name, names(kind))


def load(kind: str, name: str) -> Any:
    """Return the class or function of a name, importing its module.

    Raises:
        ValueError: an unknown name.
    """
    check_name(kind, name)
    member = _MEMBERS[kind][_FORMER.get(name, name)]
    return _import(member if isinstance(member, str) else member[0])


def get(kind: str, part: Any) -> Any:
    """Return a part of a model as an object.

    Args:
        kind: "likelihood", "prior", "posterior" or "objective".
        part: an object of that kind, the name of one, or the configuration that Keras' serialisation wrote.

    Raises:
        ValueError: an unknown name, or an object of another kind.

    Example:
        >>> get("objective", "mmd_vae").alpha
        1.0
    """
    if isinstance(part, Mapping):
        part = deserialize(kind, part)
    if isinstance(part, str):
        make, member = load(kind, part), _MEMBERS[kind][_FORMER.get(part, part)]
        arguments = {} if isinstance(member, str) else member[1]
        return make(**{name: _import(value)() if ":" in str(value) else value for name, value in arguments.items()})
    base = _import(_BASES[kind])
    if not isinstance(part, base):
        raise ValueError(
            f"{kind} is {shown(part)}: expected an object of keras_vae's class {base.__name__}, or one of the names "
            f"{', '.join(names(kind))}"
        )
    return part


def deserialize(argument: str, config: Mapping[str, Any]) -> Any:
    """Return what Keras' serialisation wrote as a configuration.

    Raises:
        ValueError: what it did not write.
    """
    import keras

    import_serializable()
    try:
        return keras.saving.deserialize_keras_object(dict(config))
    except Exception as error:  # whatever a class' own from_config makes of a wrong configuration
        raise ValueError(
            f"{argument} is {shown(config)} ({first_line(error)}): expected an object, or the configuration that "
            "keras.saving.serialize_keras_object writes of one"
        ) from error


def import_serializable() -> None:
    """Import every class that a saved model may hold, which registers it with Keras."""
    members = (member for kind in _BASES for member in _MEMBERS[kind].values())
    paths = (member if isinstance(member, str) else member[0] for member in members)
    for module in (*(path.partition(":")[0] for path in paths), *_SERIALIZABLE):
        importlib.import_module(module)


def check_known(argument: str, name: Any, known: Iterable[str]) -> None:
    """Raise ValueError for what is not one of the names that are known, a string or not.

    Example:
        >>> check_known("strategy", "mirrored", ["mirrored", "one_device"])
    """
    known = list(known)
    if not isinstance(name, str) or name not in known:
        raise unknown_name(argument, name, known)


def unknown_name(argument: str, name: Any, known: Iterable[str]) -> ValueError:
    """Return the error for a name that is not among those that are known.

    Example:
        >>> raise unknown_name("strategy", "mirored", ["mirrored", "one_device"])
        Traceback (most recent call last):
        ValueError: strategy is 'mirored': expected one of mirrored, one_device; did you mean 'mirrored'?
    """
    known = list(known)
    matches = difflib.get_close_matches(name, known) if isinstance(name, str) else []
    close = " or ".join(map(repr, matches))
    mend = f"did you mean {close}?" if close else "choose one of them"
    return ValueError(f"{argument} is {shown(name)}: expected one of {', '.join(known)}; {mend}")


def _import(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
