"""The consumers that a bundle carries: copies of the files beside this one."""

from __future__ import annotations

import importlib.resources
import shutil
from collections.abc import Sequence
from pathlib import Path

# What is copied, where it stands in the bundle, and the purposes that it serves; a folder is copied whole.
COPIES = {
    "generate.py": ("generate.py", ("web", "server")),
    "score.py": ("score.py", ("web", "server")),
    "latents.py": ("latents.py", ("web", "server", "microcontroller")),
    "web": ("web", ("web",)),
    "native": ("native", ("server",)),
    "microcontroller": ("microcontroller", ("microcontroller",)),
}


def write_consumers(bundle: Path, purposes: Sequence[str] = ()) -> None:
    """Copy them into a bundle: those that serve its purposes, page and programs if it has none in particular."""
    with importlib.resources.as_file(importlib.resources.files("keras_vae.export.consumers")) as source:
        for name, (place, served) in COPIES.items():
            if not set(served) & set(purposes or ("web", "server")):
                continue
            if (source / name).is_dir():
                shutil.copytree(
                    source / name, bundle / place, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
                )
            else:
                shutil.copyfile(source / name, bundle / place)
