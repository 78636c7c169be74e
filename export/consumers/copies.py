"""The consumers that a bundle carries: copies of the files beside this one."""

from __future__ import annotations

import importlib.resources
import shutil
from collections.abc import Iterable
from pathlib import Path


def write_consumers(bundle: Path, names: Iterable[str]) -> None:
    """Copy files and whole folders into a bundle."""
    without_caches = shutil.ignore_patterns("__pycache__")
    with importlib.resources.as_file(importlib.resources.files("keras_vae.export.consumers")) as source:
        for name in names:
            if (source / name).is_dir():
                shutil.copytree(source / name, bundle / name, ignore=without_caches, dirs_exist_ok=True)
            else:
                shutil.copyfile(source / name, bundle / name)
