"""The consumers that a bundle carries: copies of the files beside this one."""

from __future__ import annotations

import importlib.resources
import shutil
from pathlib import Path

# What is copied, and where it stands in the bundle; a folder is copied whole.
COPIES = {"generate.py": "generate.py", "score.py": "score.py", "web": "web", "native": "native"}


def write_consumers(bundle: Path) -> None:
    """Copy them into a bundle."""
    with importlib.resources.as_file(importlib.resources.files("keras_vae.export.consumers")) as source:
        for name, place in COPIES.items():
            if (source / name).is_dir():
                shutil.copytree(source / name, bundle / place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source / name, bundle / place)
