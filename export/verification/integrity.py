"""Whether a bundle is the one that was exported: its manifest, and the size and hash of every file."""

from __future__ import annotations

import importlib.resources
import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from keras_vae.checks.shown import first_line, shown
from keras_vae.export.contents.files import MANIFEST, SCHEMA_VERSION
from keras_vae.export.contents.golden import NAME as GOLDEN
from keras_vae.export.verification.facts import false_facts
from keras_vae.files.digest import sha256
from keras_vae.files.strict_json import read_json

_AGAIN = "export the model again"


@cache
def _validator() -> jsonschema.Validator:
    text = importlib.resources.files("keras_vae.export.contents").joinpath("manifest.schema.json").read_text("utf-8")
    # JSON Schema counts 8.0 among the integers, which no size and no constant of the generator may be.
    checker = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return extend(jsonschema.Draft202012Validator, type_checker=checker)(json.loads(text))


def check_digest(digest: str) -> str:
    """Return a SHA-256 in small letters; ValueError unless it is one in hexadecimal.

    Example:
        >>> check_digest("2C26")
        Traceback (most recent call last):
        ValueError: sha256 is '2C26': expected 64 hexadecimal digits, as keras-vae export prints them; copy all of them
    """
    if not (isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest.lower())):
        raise ValueError(
            f"sha256 is {shown(digest)}: expected 64 hexadecimal digits, as keras-vae export prints them; copy all of "
            "them"
        )
    return digest.lower()


def read_manifest(bundle: Path, digest: str | None = None) -> dict[str, Any]:
    """Return a bundle's manifest once it keeps to the schema and can be true; no other file is opened.

    Args:
        bundle: the folder.
        digest: the manifest's own SHA-256, as whoever wrote the bundle told it; None (the default) takes any.

    Raises:
        ValueError: a manifest that is missing, no JSON, of another digest or version, breaks the schema, such as by a
            path that leaves the folder, or says what cannot be.
    """
    path = bundle / MANIFEST
    if not path.is_file():
        raise ValueError(f"{path} is missing: expected a bundle, as keras-vae export writes it")
    if _leads_out(bundle, MANIFEST):
        raise ValueError(f"{path} points outside the bundle: expected a file inside it; restore it, or {_AGAIN}")
    if digest is not None and (found := sha256(path)) != check_digest(digest):
        raise ValueError(
            f"{path} has SHA-256 {found}: expected {digest}, as was asked for; use the bundle that it was given for"
        )
    try:
        manifest = read_json(path)
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}): expected a manifest; restore it, or {_AGAIN}") from error
    version = manifest.get("schema_version") if isinstance(manifest, dict) else None
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"{path} has schema_version {version!r}: expected {SCHEMA_VERSION}; use the keras_vae that wrote it, "
            f"or {_AGAIN}"
        )
    error = best_match(_validator().iter_errors(manifest))
    if error:
        raise ValueError(
            f"{path} does not follow its schema at {error.json_path} ({first_line(error)}): expected what the schema "
            f"requires; restore it, or {_AGAIN}"
        )
    for fact in false_facts(manifest):
        raise ValueError(f"{path} cannot be true ({fact}): expected what the exporter writes; restore it, or {_AGAIN}")
    return manifest


def check_files(bundle: Path, manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with the files, a line each that names the file and the mend; none if all is as exported."""
    listed = manifest["files"]
    misses = _check_listed(bundle, listed)
    for name in sorted(set(_present(bundle)) - listed.keys() - {MANIFEST}):
        misses.append(f"{name} is not in {MANIFEST}: expected only the files it lists; remove it")
    for name in (*manifest["artifacts"], manifest["test_images"]["file"], GOLDEN):
        misses += _check_has_hash(name, listed)
    for name in (name for name in listed if name.endswith((".tflite", ".onnx")) and name not in manifest["artifacts"]):
        misses.append(f"{name} is in {MANIFEST} with a hash alone: expected what it is, in artifacts; {_AGAIN}")
    return misses


def check_artifact(bundle: Path, manifest: dict[str, Any], name: str) -> list[str]:
    """Return, of what `check_files` does, what is wrong with one of the manifest's `artifacts`, a file or a folder."""
    listed = manifest["files"]
    return _check_has_hash(name, listed) or _check_listed(bundle, _within(name, listed))


def _within(name: str, listed: Mapping[str, Any]) -> dict[str, Any]:
    return {path: entry for path, entry in listed.items() if path == name or path.startswith(f"{name}/")}


def _check_has_hash(name: str, listed: Mapping[str, Any]) -> list[str]:
    if _within(name, listed):
        return []
    return [f"{name} stands in {MANIFEST} without size and SHA-256: expected both; restore the manifest, or {_AGAIN}"]


def _check_listed(bundle: Path, listed: Mapping[str, Any]) -> list[str]:
    misses = []
    for name, entry in listed.items():
        path = bundle / name
        if _leads_out(bundle, name):
            misses.append(f"{name} points outside the bundle: expected a file inside it; restore it, or {_AGAIN}")
        elif not path.is_file():
            misses.append(f"{name} is missing: expected it, as {MANIFEST} lists it; restore it, or {_AGAIN}")
        elif path.stat().st_size != entry["bytes"]:
            misses.append(f"{name} has {path.stat().st_size} bytes: expected {entry['bytes']}; restore it, or {_AGAIN}")
        elif (found := sha256(path)) != entry["sha256"]:
            misses.append(f"{name} has SHA-256 {found}: expected {entry['sha256']}; restore it, or {_AGAIN}")
    return misses


def _leads_out(bundle: Path, name: str) -> bool:
    return not Path(os.path.realpath(bundle / name)).is_relative_to(os.path.realpath(bundle))


def _present(bundle: Path) -> Iterator[str]:
    """Yield all that lies in a bundle but folders; of links to folders, the links."""
    for folder, folders, files in os.walk(bundle):
        links = (name for name in folders if Path(folder, name).is_symlink())
        for name in (*files, *links):
            yield Path(folder, name).relative_to(bundle).as_posix()
