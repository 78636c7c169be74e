"""Whether a bundle is the one that was exported: its manifest, and the size and hash of every file."""

from __future__ import annotations

import importlib.resources
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from keras_vae.export.contents.files import MANIFEST, SCHEMA_VERSION, sha256

_AGAIN = "export the model again"


@cache
def _validator() -> jsonschema.Draft202012Validator:
    text = importlib.resources.files("keras_vae.export.contents").joinpath("manifest.schema.json").read_text("utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def read_manifest(bundle: Path) -> dict[str, Any]:
    """Return a bundle's manifest once it keeps to the schema; no other file is opened.

    Raises:
        ValueError: a manifest that is missing, no JSON, of an unknown version or breaks the schema, such as by a path
            that leaves the folder.
    """
    path = bundle / MANIFEST
    if not path.is_file():
        raise ValueError(f"{path} is missing: expected a bundle, as keras-vae export writes it")
    try:
        manifest = json.loads(path.read_text("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON ({error}): expected a manifest; restore it, or {_AGAIN}") from error
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"{path} has schema_version {version!r}: expected {SCHEMA_VERSION}; use the keras_vae that wrote it, "
            f"or {_AGAIN}"
        )
    error = best_match(_validator().iter_errors(manifest))
    if error:
        shown = error.message if len(error.message) < 200 else error.message[:200] + "..."
        raise ValueError(
            f"{path} breaks its schema at {error.json_path} ({shown}): expected what the schema asks; restore it, or "
            f"{_AGAIN}"
        )
    return manifest


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON's")


def check_files(bundle: Path, manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with the files, a line each that names the file and the mend; none if all is as exported."""
    misses = []
    listed = manifest["files"]
    for name, entry in listed.items():
        path = bundle / name
        if not path.resolve().is_relative_to(bundle.resolve()):
            misses.append(f"{name} leads out of the bundle: expected a file inside it; restore it, or {_AGAIN}")
        elif not path.is_file():
            misses.append(f"{name} is missing: expected it, as {MANIFEST} lists it; restore it, or {_AGAIN}")
        elif path.stat().st_size != entry["bytes"]:
            misses.append(f"{name} has {path.stat().st_size} bytes: expected {entry['bytes']}; restore it, or {_AGAIN}")
        elif (found := sha256(path)) != entry["sha256"]:
            misses.append(f"{name} has SHA-256 {found}: expected {entry['sha256']}; restore it, or {_AGAIN}")
    for name in sorted(_present(bundle) - listed.keys() - {MANIFEST}):
        misses.append(f"{name} is not in {MANIFEST}: expected only the files it lists; remove it")
    for name in (*manifest["artifacts"], manifest["test_images"]["file"]):
        if name not in listed and not any(other.startswith(f"{name}/") for other in listed):
            misses.append(
                f"{name} stands in {MANIFEST} without size and SHA-256: expected both; restore the manifest, or "
                f"{_AGAIN}"
            )
    return misses


def _present(bundle: Path) -> set[str]:
    return {Path(folder, file).relative_to(bundle).as_posix() for folder, _, files in os.walk(bundle) for file in files}
