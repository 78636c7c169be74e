"""From a preset to a model's arguments, and to the trained weights that come with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_vae import registry
from keras_vae.checks.backend import check_backend
from keras_vae.checks.image_shape import check_image_shape
from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import whole_number
from keras_vae.data.labels import classes_and_names
from keras_vae.models.shared_presets import read_model
from keras_vae.networks.bottleneck import smallest_map
from keras_vae.networks.build import build_networks, returns_parameters
from keras_vae.presets.read import read_preset
from keras_vae.presets.shared import is_shared, read_shared
from keras_vae.presets.weights import read_weights, write_weights
from keras_vae.random.portable import check_seed

VECTOR = 64  # the width of a latent that a preset has as maps, where something given does not fit these
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


def from_preset(kind: type[Any], preset: Any, load_weights: Any, safe_mode: Any, changes: Mapping[str, Any]) -> Any:
    """Build a model of a class; see `VAE.from_preset`."""
    check_backend()
    check_kind("load_weights", load_weights, (bool, type(None)), "True or False")
    check_kind("safe_mode", safe_mode, bool, "True or False")
    if is_shared(preset):
        check_changes(preset, changes)
        return read_model(kind, read_shared(preset), changes, load_weights is not False, safe_mode)
    model = kind(**arguments_of_preset(preset, changes, bool(load_weights)))
    if load_weights:
        load_trained_weights(model, preset)
    return model


def check_changes(preset: Any, changes: Mapping[str, Any]) -> None:
    """Raise ValueError for a change of what no preset has."""
    for name in changes:
        if name not in CHANGEABLE:
            raise registry.unknown_name(f"setting of preset {str(preset)!r}", name, CHANGEABLE)


def arguments_of_preset(preset: str, changes: Mapping[str, Any], load_weights: bool = False) -> dict[str, Any]:
    """Return the arguments of `VAE` for a preset with changes, its networks built.

    Args:
        preset: its name.
        changes: of its settings, by name.
        load_weights: whether its trained weights must fit the model; False by default.

    Raises:
        ValueError: an unknown preset or change, or one that trained weights do not fit.
    """
    changed = {name for name, value in changes.items() if value is not None} - {"objective", "seed"}
    if load_weights and changed:
        raise ValueError(
            f"load_weights is True with another {' and '.join(sorted(changed))}: expected {preset} without changes, "
            "which its weights require; leave out one or the other"
        )
    check_changes(preset, changes)
    settings = read_preset(preset)
    given = changes.get("image_shape")
    image_shape = check_image_shape(settings["image_shape"] if given is None else given)
    network, own = changes.get("network"), settings["network"]
    network = {} if network is None else network
    check_kind("network", network, Mapping, "a dict of the network's settings, such as {'hidden': [128]}")
    if network.get("kind", own["kind"]) == own["kind"]:  # another kind would not know this one's arguments
        if "filters" in own and returns_parameters(own["kind"]):
            own = {**own, "filters": _enough_stages(own["filters"], settings["image_shape"], image_shape)}
        if "latent_maps" in own and not _fits_maps(changes):
            own = {**own, "latent_maps": None}
        network = {**own, **network}
    settings = {**settings, **{name: value for name, value in changes.items() if value is not None}}
    given_classes = settings.get("classes")
    classes, _ = classes_and_names(given_classes)
    seed = check_seed(settings.get("seed", 0))
    likelihood = registry.get("likelihood", settings["likelihood"])
    likelihood.build(image_shape)
    posterior = registry.get("posterior", settings["posterior"])
    latent_dim, encoder_outputs = changes.get("latent_dim"), None
    if returns_parameters(network["kind"]):
        latent_dim = settings["latent_dim"]
        if latent_dim is None:
            maps = network.get("latent_maps")
            places = maps and math.prod(smallest_map(image_shape, len(network["filters"])))
            latent_dim = maps * places if maps else VECTOR
        posterior.build((whole_number("latent_dim", latent_dim, 1),))
        (encoder_outputs,) = posterior.parameters_shape
    encoder, decoder = build_networks(
        network["kind"],
        image_shape,
        latent_dim,
        encoder_outputs,
        likelihood.parameters_shape[-1],
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
        "classes": given_classes,
        "seed": seed,
    }


def _fits_maps(changes: Mapping[str, Any]) -> bool:
    """Whether the latent may be feature maps: its width is not given, and its posterior has the same for each place."""
    return changes.get("latent_dim") is None and changes.get("posterior") in (None, "diagonal_normal")


def _enough_stages(filters: list[int], own_shape: Sequence[int], image_shape: Sequence[int]) -> list[int]:
    """Return a preset's filters, the last repeated until larger images have at most twice its own innermost places.

    The dense layers between the innermost maps and the latent hold most weights.
    """
    most = 2 * math.prod(smallest_map(own_shape, len(filters)))
    while math.prod(smallest_map(image_shape, len(filters))) > most:
        filters = [*filters, filters[-1]]
    return filters


def learned_variables(model: Any) -> list[keras.Variable]:
    """Return the weights of prior, encoder, decoder, likelihood and posterior; not the counters of training."""
    parts = (model.prior, model.encoder, model.decoder, model.likelihood, model.posterior)
    return [weight for part in parts for weight in part.weights]


def load_trained_weights(model: Any, preset: str) -> None:
    """Set a model's weights to those that come with its preset.

    Raises:
        ValueError: a preset without trained weights, or a model that they do not fit.
    """
    variables, values = learned_variables(model), read_weights(preset)
    wanted, found = ([tuple(each.shape) for each in weights] for weights in (variables, values))
    if wanted != found:
        raise ValueError(
            f"the weights of preset {preset!r} have shapes {found}: expected {wanted}; reinstall keras_vae"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def write_trained_weights(model: Any, path: Path) -> None:
    """Write what a model learned as a preset's file, in float16."""
    write_weights([np.asarray(variable) for variable in learned_variables(model)], path)
