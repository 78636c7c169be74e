"""From a preset's settings to a model's arguments."""

from __future__ import annotations

from typing import Any

from keras_vae.identifiers import close_names, resolve
from keras_vae.likelihoods.choices import LIKELIHOODS
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.networks.build import build_networks
from keras_vae.objectives.choices import OBJECTIVES
from keras_vae.posteriors.choices import POSTERIORS
from keras_vae.posteriors.posterior import Posterior
from keras_vae.presets.read import read_preset
from keras_vae.priors.choices import PRIORS

CHANGEABLE = (
    "classes",
    "image_shape",
    "latent_dim",
    "likelihood",
    "network",
    "objective",
    "posterior",
    "prior",
    "seed",
)
CHOICES = {"likelihood": LIKELIHOODS, "prior": PRIORS, "posterior": POSTERIORS, "objective": OBJECTIVES}


def check_choices(**names: Any) -> None:
    """Raise ValueError for the name of a part that there is not; what is no name is left alone.

    Example:
        >>> check_choices(prior="vamp", objective=None)
    """
    for part, name in names.items():
        if isinstance(name, str) and name not in CHOICES[part]:
            raise ValueError(f"unknown {part} {name!r}: {close_names(name, sorted(CHOICES[part]))}")


def arguments_of_preset(preset: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `VAE` for a preset with changes, its networks built.

    Raises:
        ValueError: an unknown preset or change, or an image size that the network cannot halve.
    """
    for name in changes:
        if name not in CHANGEABLE:
            raise ValueError(f"unknown setting {name!r} of preset {preset!r}: {close_names(name, list(CHANGEABLE))}")
    settings = read_preset(preset)
    network = changes.get("network") or {}
    if network.get("kind", settings["network"]["kind"]) == settings["network"]["kind"]:
        network = {**settings["network"], **network}  # another kind would not know this one's arguments
    settings = {**settings, **{name: value for name, value in changes.items() if value is not None}}
    image_shape, latent_dim = tuple(settings["image_shape"]), settings["latent_dim"]
    likelihood = resolve(settings["likelihood"], Likelihood, LIKELIHOODS)
    posterior = resolve(settings["posterior"], Posterior, POSTERIORS)
    seed, classes = settings.get("seed", 0), settings.get("classes")
    encoder, decoder = build_networks(
        network["kind"],
        image_shape,
        latent_dim,
        posterior.parameter_count(latent_dim),
        image_shape[-1] * likelihood.parameters_per_value,
        classes=classes,
        seed=seed,
        **{name: value for name, value in network.items() if name != "kind"},
    )
    return {
        "encoder": encoder,
        "decoder": decoder,
        "likelihood": likelihood,
        "prior": settings["prior"],
        "posterior": posterior,
        "objective": settings["objective"],
        "image_shape": image_shape,
        "latent_dim": latent_dim,
        "classes": classes,
        "seed": seed,
    }
