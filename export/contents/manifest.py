"""The manifest: what a bundle holds, in JSON, for programs that know nothing of Keras."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_vae.export.contents.files import SCHEMA_VERSION
from keras_vae.export.contents.implied import SCORE, nats_tolerances, preprocessing, tolerances
from keras_vae.export.contents.purposes import by_purpose
from keras_vae.export.formats.artifact import Artifact
from keras_vae.export.formats.signatures import Function, describe
from keras_vae.models.vae import VAE
from keras_vae.priors.prior import Prior
from keras_vae.random.portable import specification

PACKAGES = (
    "keras_vae",
    "keras",
    "tensorflow",
    "tensorflow-probability",
    "tf2onnx",
    "onnx",
    "onnxruntime",
    "ai-edge-litert",
    "numpy",
)


def manifest(
    model: VAE,
    functions: Mapping[str, Function],
    artifacts: Mapping[str, Artifact],
    not_written: Mapping[str, str],
    test_images: Mapping[str, Any],
    elbo: float | None,
    metrics: Mapping[str, Any] | None = None,
    threshold: Mapping[str, Any] | None = None,
    written_for: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the manifest, all but its `files`.

    Args:
        model: the model exported.
        functions: its signatures.
        artifacts: what each loadable file is, by its path in the folder.
        not_written: why a file is missing, by the path it would have.
        test_images: `file`, `count` and `source` of the images in the bundle.
        elbo: of the model on these images, in nats; None if it cannot be told from images.
        metrics: of the model on test images, in nats per image; None if nobody measured them.
        threshold: of scores, below which an image counts as unusual; None without.
        written_for: the purposes for which it has files; none for the usual ones.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "model": {
            "image_shape": list(model.image_shape),
            "latent_dim": model.latent_dim,
            "classes": model.classes,
            **({"class_names": list(model.class_names)} if model.class_names else {}),
            "likelihood": _settings(model.likelihood),
            "prior": _prior(model.prior),
            "sampler": None if model.sampler is None else _prior(model.sampler),
            "bit_exact": model.sampling_prior.bit_exact,
            "posterior": _settings(model.posterior),
            "parameters": {"encoder": model.encoder.count_params(), "decoder": model.decoder.count_params()},
            "layers": {"encoder": _layers(model.encoder), "decoder": _layers(model.decoder)},
        },
        "preprocessing": preprocessing(model.image_shape[-1]),
        "signatures": {name: describe(function) for name, function in functions.items()},
        "artifacts": {path: artifact.in_manifest() for path, artifact in artifacts.items()},
        "purposes": by_purpose(artifacts),
        "written_for": list(written_for),
        "not_written": dict(not_written),
        "tolerances": tolerances(_layers(model.decoder)),
        "nats_tolerances": nats_tolerances(model.image_shape, elbo, _layers(model.decoder)),
        "score": {**SCORE, **({} if threshold is None else {"threshold": dict(threshold)})},
        "metrics": None if metrics is None else dict(metrics),
        "test_images": dict(test_images),
        "generator": specification(model.latent_dim),
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
    }


def _settings(layer: keras.layers.Layer) -> dict[str, Any]:
    config = {key: value for key, value in layer.get_config().items() if key not in ("name", "trainable", "dtype")}
    return {"name": type(layer).__name__, **config}


def _prior(prior: Prior) -> dict[str, Any]:
    """The prior by its numbers, and what it was in training."""
    return {**_settings(prior.snapshot()), "trained_as": type(prior).__name__}


def _layers(network: keras.Model) -> int:
    """Return how many kernels a network has: layers that multiply and add."""
    return sum(len(weight.shape) > 1 for weight in network.weights)
