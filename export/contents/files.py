"""The list of a bundle's files: the size and hash of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_vae.files.digest import sha256

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1


def file_list(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size in bytes and SHA-256 of every file but the manifest, by its path with forward slashes."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in paths
    }
