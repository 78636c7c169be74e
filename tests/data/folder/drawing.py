"""Images of one colour as files, and what is read of them."""

import importlib.util

import pytest
from PIL import Image

from keras_vae.data.load import load_arrays

heic = pytest.mark.skipif(importlib.util.find_spec("pillow_heif") is None, reason="the extra heic is not installed")


def draw(path, size=(8, 8), colour=100, mode="L", **options):
    """Write one image of a single colour; `size` is (width, height) as Pillow has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)


def fill(folder, count=10, colour=0):
    """Write images of the colours from `colour` on."""
    for index in range(count):
        draw(folder / f"{index:02}.png", colour=colour + index)


def colours(folder, split, **options):
    """Every image is told apart by its colour."""
    return sorted(load_arrays(folder, split, **options).images[:, 0, 0, 0].tolist())
