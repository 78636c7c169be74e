"""The bundle: one folder with a model as files that run without Python."""

from __future__ import annotations

import dataclasses
import importlib.resources
import json
import logging
import os
import shutil
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae.checks.kind import as_path
from keras_vae.checks.shown import shown
from keras_vae.data.labels import label_input
from keras_vae.evaluation.posteriors import check_model
from keras_vae.export.contents import golden
from keras_vae.export.contents import test_images as images_file
from keras_vae.export.contents.files import MANIFEST, file_list
from keras_vae.export.contents.manifest import manifest
from keras_vae.export.contents.model_card import model_card
from keras_vae.export.contents.purposes import (
    INTEGER_DECODER,
    by_purpose,
    check_purposes,
    wanted_consumers,
    wanted_files,
)
from keras_vae.export.contents.threshold import FALSE_ALARM_RATE, check_rate, threshold_of
from keras_vae.export.formats.artifact import Artifact
from keras_vae.export.formats.c_array import write_c
from keras_vae.export.formats.calibration import calibration_latents
from keras_vae.export.formats.signatures import signatures
from keras_vae.export.formats.write_all import write_all
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.export.verification.cost import Elbo
from keras_vae.export.verification.file_check import FileCheck
from keras_vae.export.verification.score_check import ScoreCheck, stated_elbo
from keras_vae.files.folder_written_whole import check_free, folder_written_whole
from keras_vae.files.one_writer import one_writer
from keras_vae.files.written_whole import write_json
from keras_vae.models.single_precision import in_float32
from keras_vae.models.vae import VAE
from keras_vae.pictures.samples import samples
from keras_vae.private_interfaces import custom_gradients_forgotten

SAMPLES, SAMPLES_SEED = 64, 7
LONGEST_NOTE = 160  # characters of why a file is left out
C_LATENTS = 16
_log = logging.getLogger("keras_vae.export")


def export_bundle(
    model: VAE,
    directory: str | os.PathLike[str],
    representative_data: Iterable[Any] | None = None,
    *,
    test_data: Iterable[Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    normal_data: Iterable[Any] | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    purposes: Iterable[str] = (),
) -> Path:
    """Export a model as a bundle: SavedModel, TFLite and ONNX files, programs that run them, and values to check them.

    Every file is run in its own runtime before the folder gets its final name. The manifest states how far its images
    are from those of Keras and how many nats it loses. A file whose format cannot express the model, or that loses more
    than the manifest's tolerance, is left out with a warning, and the manifest says why. A model trained in mixed
    precision is exported in float32.

    Args:
        model: the model, trained or not.
        directory: the folder to write, which must be empty or not exist. It appears when it is complete.
        representative_data: batches of images float `[n, H, W, C]` in [0, 1], or of (images, labels), which a
            conditional model needs; their latents, together with latents of the prior, calibrate the int8 decoder. None
            (the default) uses only latents of the prior.
        test_data: batches of the same kind. Their first 256 images (fewer if they are large) are stored in the bundle,
            so that nats can be measured on any machine. None (the default) stores samples of the model instead; use
            this if your images are private.
        metrics: metrics of the model on test images, in nats per image, for the manifest and the model card; None by
            default.
        normal_data: batches of the same kind, with normal images that were not used in training. The scores of the
            first 1,000 (fewer if they are large) give the threshold below which an image counts as unusual. None of
            these images is stored in the bundle. None (the default) gives no threshold.
        false_alarm_rate: the share of these that may count as unusual, between 0 and 1; 0.05 by default.
        purposes: some of "android-gpu", "ios", "web", "microcontroller" and "server", to write only the files for
            these, and the SavedModel, with which all other files are compared. By default the bundle has the files for
            any number of images.

    Returns:
        The folder.

    Raises:
        ValueError: if the model is not a VAE or its weights are not finite, the folder is not empty or another process
            is writing it, images are unusable, the rate is invalid, metrics are not JSON, or a purpose is unknown.
        OSError: if the folder cannot be written.
    """
    directory, rate = as_path("directory", directory), check_rate(false_alarm_rate)
    purposes = check_purposes(purposes)
    _check_metrics(metrics)
    check_model(model)
    with one_writer("directory", directory):
        check_free("directory", directory)
        model = in_float32(model)
        threshold = None if normal_data is None else threshold_of(model, normal_data, rate)
        _export(model, directory, representative_data, test_data, metrics, threshold, purposes)
    return directory


def _check_metrics(metrics: Any) -> None:
    """Raise ValueError unless the manifest, which is JSON, can hold the metrics."""
    try:
        if metrics is None or (isinstance(metrics, Mapping) and json.dumps(dict(metrics), allow_nan=False)):
            return
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"metrics is {shown(metrics)}: expected a dict of names and finite numbers or lists of them, such as "
        "keras_vae.evaluate's"
    )


def _export(
    model: VAE,
    directory: Path,
    representative_data: Iterable[Any] | None,
    test_data: Iterable[Any] | None,
    metrics: Mapping[str, Any] | None,
    threshold: Mapping[str, Any] | None,
    purposes: Sequence[str],
) -> None:
    latents = calibration_latents(model, representative_data)
    calibration = {"latent": latents, **label_input(model.classes, range(len(latents)))}
    images, labels = images_file.choose_images(model, test_data)
    elbo = Elbo.of_model(model, images, labels)
    values = {**golden.golden_values(model, images, labels), "elbo": _elbo(model, elbo)}
    with folder_written_whole("directory", directory, (OSError, tf.errors.OpError)) as folder:
        with custom_gradients_forgotten():
            graphs = cache(partial(signatures, model))
            paths = wanted_files(purposes)
            if not purposes and not model.likelihood.fixed_by_mean:
                # Eight bits hold the small scales of a mixture as zeros, by which its mean divides. Who asks for the
                # purpose is told so.
                paths = tuple(path for path in paths if path != INTEGER_DECODER)
            artifacts, not_written = write_all(graphs, calibration, folder, paths)
        images_file.write_test_images(images, labels, folder)
        write_json(values, folder / golden.NAME)
        samples(model.generate(SAMPLES, seed=SAMPLES_SEED), folder / "samples.png")
        source = "the model" if test_data is None else "test data"
        about = {"file": images_file.NAME, "count": len(images), "source": source}
        original = stated_elbo(values)
        content = manifest(model, graphs(), artifacts, not_written, about, original, metrics, threshold, purposes)
        content.update(_judged(content, artifacts, values, elbo, folder))
        for path, reason in content["not_written"].items():
            told = reason if len(reason) <= LONGEST_NOTE else f"{reason[:LONGEST_NOTE]}... (all of it in {MANIFEST})"
            warnings.warn(f"{path} is not in the bundle: {told}. The other files do not need it", stacklevel=3)
        for path, artifact in content["artifacts"].items():
            for name, reason in artifact["lacks"].items():
                warnings.warn(f"{path} is in the bundle without {name}: {reason}", stacklevel=3)
        consumers = wanted_consumers(purposes, content["artifacts"])
        _copy_consumers(consumers, folder)
        if "microcontroller" in consumers:
            latents = model.sample_latents(SAMPLES_SEED, tf.range(C_LATENTS), 1.0).numpy()
            decoder, facts = folder / INTEGER_DECODER, content["artifacts"][INTEGER_DECODER]
            write_c(decoder, facts, content["model"], latents, SAMPLES_SEED, decoder.parent)
        (folder / "README.md").write_text(model_card(content), "utf-8")
        write_json({**content, "files": file_list(folder)}, folder / MANIFEST)


def _elbo(model: VAE, elbo: Elbo) -> dict[str, float] | None:
    """Keras' own ELBO, which the files are held against; None if images, the means, do not tell the likelihood."""
    if not elbo.can_be_told:
        return None

    def encode(x: np.ndarray) -> dict[str, np.ndarray]:
        posterior = model.encode(tf.constant(x), **elbo.given)
        return {"mean": posterior.mean().numpy(), "stddev": posterior.stddev().numpy()}

    return elbo.evaluate(encode, lambda z: model.decode(z, **elbo.given).mean().numpy())


def _copy_consumers(names: Iterable[str], folder: Path) -> None:
    """Copy programs and whole folders of `keras_vae.export.consumers` into the bundle."""
    without_caches = shutil.ignore_patterns("__pycache__")
    with importlib.resources.as_file(importlib.resources.files("keras_vae.export.consumers")) as source:
        for name in names:
            if (source / name).is_dir():
                shutil.copytree(source / name, folder / name, ignore=without_caches, dirs_exist_ok=True)
            else:
                shutil.copyfile(source / name, folder / name)


def _judged(
    content: Mapping[str, Any], artifacts: Mapping[str, Artifact], values: Mapping[str, Any], elbo: Elbo, folder: Path
) -> dict[str, Any]:
    """Run every file; remove those that miss. Return `artifacts` with what was found, and `not_written`."""
    reference = load_runtime(folder, "saved_model", content["artifacts"]["saved_model"])
    scores = ScoreCheck(elbo.images, elbo.labels, values["score"])
    check = FileCheck(folder, content, values, elbo, values["elbo"] and values["elbo"]["elbo"], reference, scores)
    kept, not_written = {}, dict(content["not_written"])
    for path, artifact in artifacts.items():
        _log.info("running %s", path)
        found = check(path)
        if not found.misses:
            kept[path] = dataclasses.replace(artifact, largest_error=found.largest_error, nats_lost=found.nats_lost)
        elif path == "saved_model":
            raise ValueError(f"the exported model does not do what Keras does: {'; '.join(found.misses)}")
        else:
            (folder / path).unlink()
            not_written[path] = "; ".join(found.misses)
    for format_folder in {(folder / path).parent for path in not_written}:
        if not any(format_folder.iterdir()):
            format_folder.rmdir()
    return {
        "artifacts": {path: artifact.in_manifest() for path, artifact in kept.items()},
        "purposes": by_purpose(kept),
        "not_written": not_written,
    }
