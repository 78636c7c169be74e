"""Builds the site into docs/_build: `python docs/build.py`, with the extra `docs` installed. Warnings are errors.

It needs no network. The explorer's page is a bundle of a shipped preset, exported here unless it was before.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import sphinx.cmd.build

import keras_vae

sys.path.insert(0, str(Path(__file__).parent))
from links import broken_links

DOCS = Path(__file__).resolve().parent
PRESET = "mnist_conv_mixture"
# What the page reads.
SHOWN = ("manifest.json", "golden.json", *(f"onnx/{name}.onnx" for name in ("encode", "decode", "generate", "score")))


def explorer(folder: Path) -> Path:
    """Return a folder with the page and the model that it explores, as static files."""
    folder /= f"{PRESET}-{importlib.metadata.version('keras_vae')}"
    if not folder.exists():
        bundle, part = folder.with_suffix(".bundle"), folder.with_suffix(".part")
        for old in (bundle, part):
            shutil.rmtree(old, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        model = keras_vae.VAE.from_preset(PRESET, load_weights=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the 8-bit files that lose too much: the page takes none
            keras_vae.export.export_bundle(model, bundle)
        for name in SHOWN:
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle / name, part / name)
        shutil.copytree(bundle / "web", part / "web")
        shutil.rmtree(bundle)
        part.rename(folder)
    return folder


def main() -> int:
    """Build the site; return 0, or 1 after a line for each fault."""
    build = DOCS / "_build"
    page = explorer(build / "explorer")
    html = build / "html"
    shutil.rmtree(html, ignore_errors=True)
    # Afresh: what was read before repeats no warning, and knows nothing of changed docstrings.
    folders = ["-c", DOCS, "-d", build / "doctrees", DOCS.parent, html]
    if sphinx.cmd.build.main(["-E", "-W", "--keep-going", "-q", *map(str, folders)]):
        return 1
    shutil.copytree(page, html / "explorer")
    faults = broken_links(html)
    print(*faults or [f"the site is in {html}: open index.html, or serve the folder for the explorer"], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
