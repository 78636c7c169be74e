"""The check of a whole bundle, which fails closed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.checks.kind import as_path
from keras_vae.checks.number import whole_number
from keras_vae.export.contents import golden as golden_values
from keras_vae.export.contents.test_images import COUNT, read_test_images
from keras_vae.export.runtimes.runtime import Arrays, Runtime, load_runtime
from keras_vae.export.verification.file_check import FileCheck, FileReport, original_elbo, wrong_signatures
from keras_vae.export.verification.integrity import check_digest, check_files, read_manifest
from keras_vae.export.verification.score_check import ScoreCheck
from keras_vae.files.strict_json import read_json


@dataclass(frozen=True)
class Report:
    """What `verify_bundle` found.

    Attributes:
        bundle: the folder.
        images: how many the nats were measured on; 0 if they were not.
        source: "test data" that was given when the bundle was written, "the model", whose own samples stood in,
            "data given now", or "golden values" alone.
        elbo: the original's on them, in nats per image; None for a likelihood that its mean does not tell.
        files: one report a file.
    """

    bundle: Path
    images: int
    source: str
    elbo: float | None
    files: tuple[FileReport, ...]


class BundleError(ValueError):
    """Raised for a bundle that must not be used.

    Attributes:
        misses: what is wrong, one line for each problem, which names the file.
        report: what was found, if the files could be run.
    """

    def __init__(self, bundle: Path, misses: list[str], report: Report | None = None) -> None:
        self.misses = misses
        self.report = report
        super().__init__(f"bundle {bundle}: " + "; ".join(misses))


def verify_bundle(
    directory: str | os.PathLike[str],
    test_data: Iterable[Any] | None = None,
    images: int = COUNT,
    *,
    sha256: str | None = None,
    fast: bool = False,
) -> Report:
    """Check that every file of a bundle is unchanged and gives Keras' results, and measure the nats that it loses.

    Hashes and sizes are checked first: files that fail are not loaded, and neither are files that could do more than
    compute. Then each file's operators and signatures are checked, its latents are compared bit for bit with those of
    Keras and its images within the exporter's tolerance, and the ELBO is measured with the file as decoder and as
    encoder. What the manifest says of the model is compared with the files.

    An attacker can change the files and the manifest together: only `sha256` shows that a bundle is the one you mean.
    Without it, you have only the author's word for the metrics, the threshold of scores, the versions, the numbers of
    parameters and layers, the posterior, the kind of prior that was trained, the source of the test images, the reasons
    for missing files, the compatibility reports for delegates, and the arena size.

    Args:
        directory: the bundle.
        test_data: batches of images float `[n, H, W, C]` in [0, 1], or of (images, labels), to measure the nats on;
            None (the default) uses those in the bundle.
        images: how many images of `test_data` to use, at least 1; 256 by default.
        sha256: the manifest's own SHA-256, as `keras-vae export` printed it; None (the default) accepts any manifest.
        fast: whether to check only the hashes, and the TFLite and ONNX files against the values of Keras that the
            bundle holds. It takes seconds and no TensorFlow. The SavedModel, nats, operators and what the manifest
            says of the model are then not checked. False by default.

    Returns:
        A report of what was found, file by file.

    Raises:
        BundleError: if anything is wrong; the message names every file concerned.
        ValueError: if the directory does not exist, `test_data` is unusable, `images` is below 1, or `sha256` is not a
            SHA-256, or if `fast` is given with `test_data` or for a bundle of integer files alone.
    """
    images, bundle = whole_number("images", images, 1), as_path("directory", directory)
    if sha256 is not None:
        check_digest(sha256)
    if not bundle.is_dir():
        raise ValueError(f"{bundle} is not a folder: expected a bundle, as keras-vae export writes it")
    try:
        manifest = read_manifest(bundle, sha256)
    except ValueError as error:
        raise BundleError(bundle, [str(error)]) from error
    if misses := check_files(bundle, manifest):
        raise BundleError(bundle, misses)
    if fast and test_data is not None:
        raise ValueError("test_data is given with fast=True: expected None, since no nats are measured; drop one")
    if fast:
        _check_fast(bundle, manifest)
    given = _given(manifest, test_data, images)
    try:
        report, misses = _by_golden_values(bundle, manifest) if fast else _whole(bundle, manifest, given)
    except BundleError:
        raise
    except Exception as error:  # files that agree with each other may still be anything
        reason = str(error).strip().splitlines() or [type(error).__name__]  # whole, with its mend
        raise BundleError(bundle, [reason[0]]) from error
    misses += [f"{file.path}: {miss}" for file in report.files for miss in file.misses]
    if misses:
        raise BundleError(bundle, misses, report)
    return report


def _given(
    manifest: dict[str, Any], test_data: Iterable[Any] | None, images: int
) -> tuple[np.ndarray, np.ndarray | None] | None:
    if test_data is None:
        return None
    from keras_vae.data.batches import first_images

    model = manifest["model"]
    return first_images(test_data, images, "test_data", tuple(model["image_shape"]), model["classes"])


def _check_fast(bundle: Path, manifest: dict[str, Any]) -> None:
    """Raise ValueError, which is no fault of the bundle, where nothing but the SavedModel stands for Keras."""
    precisions = {each["precision"] for each in manifest["artifacts"].values() if each["runtime"] != "saved_model"}
    if precisions and "float32" not in precisions:
        raise ValueError(
            f"fast is True for {bundle}, whose files are of precision {', '.join(sorted(precisions))}: expected a "
            "TFLite or ONNX file in float32, with which they are compared; verify it without --fast"
        )


def _by_golden_values(bundle: Path, manifest: dict[str, Any]) -> tuple[Report, list[str]]:
    """Return what was found, without TensorFlow, of every file but the SavedModel.

    Where the golden values say nothing, files are compared with the first TFLite or ONNX file in float32.
    """
    golden = read_json(bundle / golden_values.NAME)
    artifacts = {path: each for path, each in manifest["artifacts"].items() if each["runtime"] != "saved_model"}

    @cache
    def load(path: str) -> Runtime:
        return load_runtime(bundle, path, artifacts[path])

    def reference(signature: str, **inputs: Any) -> Arrays:
        for path, artifact in artifacts.items():
            if signature in artifact["signatures"] and artifact["precision"] == "float32":
                return load(path)(signature, **inputs)
        raise ValueError(f"no TFLite or ONNX file has {signature} in float32: expected one; verify without --fast")

    images, labels = read_test_images(bundle, manifest["model"]["image_shape"])
    scores = ScoreCheck(images, labels, golden["score"]) if "score" in golden else None
    check = FileCheck(bundle, manifest, golden, None, None, reference, scores)
    return Report(bundle, 0, "golden values", None, tuple(check(path) for path in artifacts)), []


def _whole(
    bundle: Path, manifest: dict[str, Any], given: tuple[np.ndarray, np.ndarray | None] | None
) -> tuple[Report, list[str]]:
    """Return what was found of every file, and what is not true of the model."""
    from keras_vae.export.verification.cost import Elbo
    from keras_vae.export.verification.model_facts import false_figures, false_model_facts

    golden = read_json(bundle / golden_values.NAME)
    reference = load_runtime(bundle, "saved_model", manifest["artifacts"]["saved_model"])
    if wrong := wrong_signatures(reference, manifest):
        raise BundleError(bundle, [f"saved_model: {miss}" for miss in wrong])
    own = Elbo.of_manifest(manifest, *read_test_images(bundle, manifest["model"]["image_shape"]))
    elbo = own if given is None else Elbo.of_manifest(manifest, *given)
    found = original_elbo(own, reference)
    misses = list(false_model_facts(manifest, golden, own, found))
    original = golden["elbo"] and golden["elbo"]["elbo"] if given is None else original_elbo(elbo, reference)
    source = manifest["test_images"]["source"] if given is None else "data given now"
    scores = ScoreCheck(own.images, own.labels, golden["score"]) if "score" in golden else None
    check = FileCheck(bundle, manifest, golden, elbo, original, reference, scores)
    files = tuple(check(path) for path in manifest["artifacts"])
    for file in files:
        if not file.misses:
            figures = false_figures(file, manifest["artifacts"][file.path], manifest, nats=given is None)
            misses += [f"{file.path}: {miss}" for miss in figures]
    return Report(bundle, len(elbo.images), source, original, files), misses
