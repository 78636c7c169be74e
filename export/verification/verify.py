"""The check of a whole bundle, which fails closed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.export.contents import golden as golden_values
from keras_vae.export.contents.test_images import COUNT, read_test_images
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.export.verification.cost import Elbo
from keras_vae.export.verification.file_check import FileCheck, FileReport, original_elbo
from keras_vae.export.verification.integrity import check_files, read_manifest


@dataclass(frozen=True)
class Report:
    """What `verify_bundle` found.

    Attributes:
        bundle: the folder.
        images: how many the nats were measured on.
        source: "test data" that was given when the bundle was written, "the model", whose own samples stood in, or
            "data given now".
        elbo: the original's on them, in nats an image; None for a likelihood that its mean does not tell.
        files: one report a file.
    """

    bundle: Path
    images: int
    source: str
    elbo: float | None
    files: tuple[FileReport, ...]


class BundleError(ValueError):
    """A bundle that must not be used.

    Attributes:
        misses: what is wrong, a line each that names the file.
        report: what was found, if the files were sound enough to be run.
    """

    def __init__(self, bundle: Path, misses: list[str], report: Report | None = None) -> None:
        self.misses = misses
        self.report = report
        super().__init__(f"bundle {bundle}: " + "; ".join(misses))


def verify_bundle(
    directory: str | os.PathLike[str], test_data: Iterable[Any] | None = None, images: int = COUNT
) -> Report:
    """Check that every file of a bundle is the one exported and does what Keras did, and state its cost in nats.

    Hashes and sizes come first: files that fail them are not loaded. Then each file's operators are counted, its
    signatures compared, its latents held against the golden ones bit for bit and its images within the manifest's
    tolerance, and the ELBO is measured with the file as decoder and as encoder.

    Args:
        directory: the bundle.
        test_data: batches of images float `[n, H, W, C]` in [0, 1], or of (images, labels), to measure the nats on;
            None (the default) takes those in the bundle.
        images: how many of `test_data` to take; 256 by default.

    Returns:
        What was found, file by file.

    Raises:
        BundleError: anything that is not as it must be; its message names every file.
        ValueError: a directory that does not exist, or unusable `test_data`.
    """
    from keras_vae.data.batches import first_images

    bundle = Path(directory)
    if not bundle.is_dir():
        raise ValueError(f"{bundle} is no folder: expected a bundle, as keras-vae export writes it")
    try:
        manifest = read_manifest(bundle)
    except ValueError as error:
        raise BundleError(bundle, [str(error)]) from error
    if misses := check_files(bundle, manifest):
        raise BundleError(bundle, misses)
    shape = tuple(manifest["model"]["image_shape"])
    classes = manifest["model"]["classes"]
    given = None if test_data is None else first_images(test_data, images, "test_data", shape, classes)
    try:
        check, report = _prepare(bundle, manifest, given)
    except Exception as error:
        raise BundleError(bundle, [str(error)]) from error
    files = tuple(check(path) for path in manifest["artifacts"])
    report = Report(files=files, **report)
    if misses := [f"{file.path}: {miss}" for file in files for miss in file.misses]:
        raise BundleError(bundle, misses, report)
    return report


def _prepare(
    bundle: Path, manifest: dict[str, Any], given: tuple[np.ndarray, np.ndarray | None] | None
) -> tuple[FileCheck, dict[str, Any]]:
    """Return the check of the files, and all of the report that does not depend on them."""
    golden = json.loads((bundle / golden_values.NAME).read_text("utf-8"))
    images, labels = read_test_images(bundle) if given is None else given
    elbo = Elbo.of_manifest(manifest, images, labels)
    reference = load_runtime(bundle, "saved_model", manifest["artifacts"]["saved_model"])
    original = golden["elbo"] and golden["elbo"]["elbo"] if given is None else original_elbo(elbo, reference)
    source = manifest["test_images"]["source"] if given is None else "data given now"
    facts = {"bundle": bundle, "images": len(images), "source": source, "elbo": original}
    return FileCheck(bundle, manifest, golden, elbo, original, reference), facts
