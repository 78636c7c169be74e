"""`keras-vae verify`."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keras_vae.command_line import options
from keras_vae.command_line.quiet_start import held_stderr, load_tensorflow
from keras_vae.command_line.sources import existing_bundle

if TYPE_CHECKING:
    from rich.console import Console

    from keras_vae.data.binarize import Binarize
    from keras_vae.export.verification.verify import Report


@click.command()
@click.argument("bundle", metavar="RUN|BUNDLE", type=options.PATH)
@click.option("--dataset", help="Measure nats on this dataset; by default on the bundle's test images.")
@options.split
@click.option(
    "--binarize",
    type=click.Choice(["none", "static"]),
    default="none",
    show_default=True,
    help="Binarisation of the dataset.",
)
@options.number("--images", 1000, "How many images of the dataset.")
@options.data_dir("TFDS_DATA_DIR")
@click.option("--sha256", help="SHA-256 of the manifest, as export printed it; no other bundle is accepted.")
@click.option(
    "--fast",
    is_flag=True,
    help="Check only the hashes, and the TFLite and ONNX files against the values stored in the bundle, without "
    "TensorFlow.",
)
@options.as_json
def verify(
    bundle: Path,
    dataset: str | None,
    split: str,
    binarize: Binarize,
    images: int,
    data_dir: str | None,
    sha256: str | None,
    fast: bool,
    as_json: bool,
) -> None:
    """Check every file of a bundle in its own runtime.

    The command also measures how many nats each file loses. It checks sizes, hashes, schema, operators and signatures.
    It compares latents (bit for bit) and images (within a tolerance) with those of Keras, measures the ELBO with each
    file as decoder and as encoder, and compares the manifest with the files. The exit status is 1 if anything is wrong.
    Hashes detect damage, but not an attacker who changes the files and the manifest together; for that, pass --sha256.
    Verify and run only bundles of people you trust.

    \b
    Examples:
      keras-vae verify runs/digits
      keras-vae verify digits-bundle --sha256 DIGEST
      keras-vae verify digits-bundle --fast
      keras-vae verify runs/mnist/bundle --dataset mnist --binarize static --images 10000
    """
    from keras_vae.export.verification.integrity import check_digest

    if sha256 is not None:
        check_digest(sha256)
    bundle = existing_bundle(bundle)
    if fast and dataset:
        raise ValueError(f"--dataset is {dataset} with --fast: expected none, since no nats are measured; drop one")
    if not fast:
        load_tensorflow()
    from rich.console import Console

    from keras_vae.export.verification.verify import BundleError, verify_bundle

    try:
        data = None
        if dataset:
            data = _images_for(bundle, dataset, split, data_dir, binarize)
        with held_stderr():
            report, misses = verify_bundle(bundle, data, images, sha256=sha256, fast=fast), []
    except BundleError as error:
        report, misses = error.report, error.misses
    if as_json:
        print(json.dumps(_as_json(bundle, report, misses), indent=2))
    elif report:
        _print(report, Console())
    for miss in misses:
        print(f"keras-vae: {bundle}: {miss}", file=sys.stderr)
    if misses:
        sys.exit(1)
    if not as_json:
        from keras_vae.export.contents.files import MANIFEST
        from keras_vae.files import digest

        files = "every TFLite and ONNX file" if fast else "every file"
        unchecked = "SavedModel, operators, nats, and what" if fast else "what"
        print(f"{bundle} is whole: {files} does what Keras did")
        print(f"its {MANIFEST} has SHA-256 {digest.sha256(bundle / MANIFEST)}")
        print(f"not checked: {unchecked} its README.md lists under Trust")


def _images_for(bundle: Path, dataset: str, split: str, data_dir: str | None, binarize: Binarize) -> Any:
    """Return a data set's images at the bundle's size, with labels where its model has classes."""
    from keras_vae.data.labels import renumber
    from keras_vae.data.load import load_arrays
    from keras_vae.data.pipeline import build_pipeline
    from keras_vae.export.verification.integrity import read_manifest
    from keras_vae.export.verification.verify import BundleError

    try:
        model = read_manifest(bundle)["model"]
    except ValueError as error:  # a fault of the bundle, as without images of one's own
        raise BundleError(bundle, [str(error)]) from error
    *size, channels = model["image_shape"]
    arrays = load_arrays(dataset, split, image_size=tuple(size), channels=channels, data_dir=data_dir)
    arrays = renumber(arrays, dataset, model.get("class_names"))
    labels = model["classes"] is not None and arrays.labels is not None
    return build_pipeline(arrays, batch_size=500, binarize=binarize, labels=labels)


def _as_json(bundle: Path, report: Report | None, misses: list[str]) -> dict[str, Any]:
    found = {} if report is None else {**dataclasses.asdict(report), "bundle": str(bundle)}
    return {"bundle": str(bundle), "good": not misses, "misses": misses, **found}


def _print(report: Report, console: Console) -> None:
    from rich.table import Table

    from keras_vae.export.contents.model_card import ROLES, show_nats

    if not report.images:
        title = "beside the values of Keras in golden.json"
    elif report.elbo is None:
        title = f"beside Keras, on {report.images} images ({report.source})"
    else:
        title = f"Keras' ELBO {report.elbo:.2f} nats per image, on {report.images} images ({report.source})"
    roles = [role for role in ROLES if any(role in file.nats_lost for file in report.files)]
    table = Table(box=None, title=title, pad_edge=False)
    for header in ("file", "precision", "largest\nerror", *(f"nats lost\nby {role}" for role in roles)):
        table.add_column(header, no_wrap=True)
    table.add_column("", no_wrap=True, min_width=len("fails"))
    for file in report.files:
        error = "" if file.largest_error is None else f"{file.largest_error:.1e}"
        lost = [show_nats(file.nats_lost[role]) if role in file.nats_lost else "" for role in roles]
        table.add_row(file.path, file.precision, error, *lost, "[red]fails[/]" if file.misses else "good")
    console.print(table)
