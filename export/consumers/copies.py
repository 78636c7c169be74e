"""The consumers that a bundle carries: copies of the files beside this one."""

from __future__ import annotations

import importlib.resources
import shutil
from collections.abc import Sequence
from pathlib import Path

from keras_vae.export.contents.purposes import PURPOSES

# What is copied, and the purposes that it serves; a folder is copied whole.
COPIES = {
    "generate.py": ("web", "server"),
    "score.py": ("web", "server"),
    "latents.py": PURPOSES,
    "web": ("web",),
    "native": ("server",),
    "microcontroller": ("microcontroller",),
}


def write_consumers(bundle: Path, purposes: Sequence[str] = ()) -> None:
    """Copy them into a bundle: those that serve its purposes, page and programs if it has none in particular."""
    without_caches = shutil.ignore_patterns("__pycache__")
    with importlib.resources.as_file(importlib.resources.files("keras_vae.export.consumers")) as source:
        for name, served in COPIES.items():
            if not set(served) & set(purposes or ("web", "server")):
                continue
            if (source / name).is_dir():
                shutil.copytree(source / name, bundle / name, ignore=without_caches, dirs_exist_ok=True)
            else:
                shutil.copyfile(source / name, bundle / name)
