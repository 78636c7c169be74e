"""One image file: what its header says, and its pixels as a browser would show them, on white."""

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from keras_vae.data.folder.colour_profile import SAID, to_srgb
from keras_vae.data.folder.deep import Whites, check_upper_bytes, is_deep, read_levels, to_bytes
from keras_vae.data.folder.kinds import Unusable, open_image

# what Pillow raises for files that are cut short, mislabelled or damaged, and we for others
UNREADABLE = (Unusable, OSError, SyntaxError, ValueError, EOFError)
# Above this a picture is shrunk while it is decoded; Pillow warns of it.
LARGE = 89_478_485
# Above this it would take gigabytes. A JPEG is shrunk by its decoder.
LARGEST, LARGEST_JPEG = 2**28, 2**30
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)


class Header(NamedTuple):
    """What a file says before its pixels are read.

    Attributes:
        size: height and width, as it is to be shown.
        coloured: whether it is no gray image.
        deep: whether it has more than 8 bits per channel.
        frames: whether it has several, as if moving, or pages.
    """

    size: tuple[int, int]
    coloured: bool
    deep: bool
    frames: bool


@contextlib.contextmanager
def large_files_allowed() -> Iterator[None]:
    """Let Pillow open what is above its own limit, since there is one here, and say nothing of odd files."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def read_header(path: Path) -> Header:
    """Read the header only; raises what `UNREADABLE` names."""
    with path.open("rb") as file, open_image(file) as image:
        width, height = image.size
        # a TIFF says its size as it is turned, and the EXIF of a PNG may stand behind its pixels
        turned = width != height and image.format != "TIFF" and image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
        coloured = image.mode not in ("1", "L", "LA", "La", "I", "F") and not image.mode.startswith("I;16")
        # the other images of an MPO are previews, or the same for the other eye
        frames = image.format != "MPO" and getattr(image, "is_animated", False)
        deep = is_deep(image, file)
    return Header((width, height) if turned else (height, width), coloured, deep, frames)


def read_headers(paths: Iterable[Path]) -> tuple[dict[Path, Header], dict[Path, str]]:
    """Return the headers of files by their paths, and why others have none."""
    headers, corrupt = {}, {}
    for path in paths:
        try:
            headers[path] = read_header(path)
        except UNREADABLE as error:
            corrupt[path] = why(error)
    return headers, corrupt


def whites_of(headers: Mapping[Path, Header]) -> Whites:
    """Return what is white in those files that have more than 8 bits."""

    def levels() -> Iterator[np.ndarray]:
        for path, header in headers.items():
            # what cannot be read is told where its pixels are
            with contextlib.suppress(*UNREADABLE):
                if header.deep:
                    yield levels_of(path)

    return Whites.of(levels())


def levels_of(path: Path) -> np.ndarray:
    """Return what `deep.read_levels` does of a file; raises what `UNREADABLE` names."""
    with path.open("rb") as file, open_image(file) as image:
        return read_levels(image, file)


def read_pixels(path: Path, channels: int, whites: Whites, size: tuple[int, int]) -> np.ndarray:
    """Return uint8 `[h, w, channels]`, of one gray channel, three of sRGB, or these and transparency.

    Args:
        path: of the file.
        channels: 1, 3 or 4.
        whites: of the folder's images of more than 8 bits.
        size: the height and width that will be made of it: a very large image comes back smaller, but not below.

    Raises:
        What `UNREADABLE` names.
    """
    with path.open("rb") as file, open_image(file) as opened:
        pixels = opened.width * opened.height
        largest = LARGEST_JPEG if opened.format == "JPEG" else LARGEST
        if pixels > largest:
            raise Unusable(f"{pixels / 1e6:.0f} megapixels, more than {largest / 1e6:.0f}")
        if pixels > LARGE:
            opened.draft(None, (2 * max(size), 2 * max(size)))
            if opened.width * opened.height > LARGEST:
                raise Unusable(f"{pixels / 1e6:.0f} megapixels, more than {LARGEST / 1e6:.0f} as they are")
        image = opened
        if is_deep(opened, file):
            image = to_bytes(read_levels(opened, file), whites)
            image.getexif()[_ORIENTATION] = opened.getexif().get(_ORIENTATION, 1)
            image.info.update({name: opened.info.get(name) for name in SAID})
        else:
            check_upper_bytes(opened)
        image = to_srgb(ImageOps.exif_transpose(image))
    if image.mode in ("LA", "RGBA") and channels != 4:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
    shrink = min(image.size) / (2 * max(size))
    if image.width * image.height > LARGE and shrink > 1:
        width, height = (round(side / shrink) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(image).reshape(image.height, image.width, channels)


def unreadable(failed: Mapping[str | Path, str], images: str, some_are_left: bool) -> ValueError:
    """Return the error for images that cannot be read.

    Args:
        failed: why, by path.
        images: how many there were, in words.
        some_are_left: whether others can be read.
    """
    named = ", ".join(f"{path}: {failed[path]}" for path in sorted(failed)[:3])
    mend = "pass --skip-corrupt (skip_corrupt=True) to leave them out, or mend them" if some_are_left else "mend them"
    return ValueError(
        f"{len(failed)} of {images} cannot be read ({named}{', ...' if len(failed) > 3 else ''}): expected readable "
        f"images; {mend}"
    )


def why(error: Exception) -> str:
    """Return in few words why a file could not be read."""
    if isinstance(error, UnidentifiedImageError):
        return "no image"
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
