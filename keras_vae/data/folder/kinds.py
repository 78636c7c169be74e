"""The kinds of image files that are read."""

import importlib
import importlib.util
from typing import IO

from PIL import Image

SUFFIXES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".bmp",
    ".gif",
    ".webp",
    ".tif",
    ".tiff",
    ".avif",
    ".pbm",
    ".pgm",
    ".ppm",
    ".pnm",
)
HEIC_SUFFIXES = (".heic", ".heif")
# What Pillow may take a file for, whatever its name: never formats that run a program, as EPS does.
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "AVIF", "PPM")


class Unusable(Exception):
    """Why a whole file is not taken for an image: words for a message that says what was expected."""


def readable_suffixes() -> tuple[str, ...]:
    """Return how the names of files end that are read; HEIC with the extra `heic`, of which Pillow hears here."""
    if importlib.util.find_spec("pillow_heif") is None:
        return SUFFIXES
    importlib.import_module("pillow_heif").register_heif_opener()
    return SUFFIXES + HEIC_SUFFIXES


def open_image(file: IO[bytes]) -> Image.Image:
    """Open a file that is one of the formats, raising what Pillow raises if it is none.

    Args:
        file: open to read. No path: Pillow maps a TIFF that it is given the path of, and takes its height for its
            width where its orientation turns it.
    """
    return Image.open(file, formats=_FORMATS + (("HEIF",) if "HEIF" in Image.OPEN else ()))
