"""Embedded colour profiles: images brought to sRGB, as browsers show them."""

import functools
import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

# by a profile's bytes 16 to 19
_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}


# what Pillow calls that which a file says of its colours
SAID = ("icc_profile", "srgb", "gamma")


def to_srgb(image: Image.Image) -> Image.Image:
    """Return an image in sRGB, mode L, LA, RGB or RGBA; one that says nothing of its colours is taken to be.

    Profiles are passed over if they are broken, or of other channels than the image. Without one, a PNG may say what
    power of its numbers is light.
    """
    profile, srgb, gamma = (image.info.get(name) for name in SAID)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode == "CMYK":
        return _from_profile(image, profile) or image.convert("RGB")
    else:
        image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    opaque = image.convert("L" if image.mode == "L" else "RGB")
    shown = _from_profile(opaque, profile)
    # 1 / 2.2 is how a PNG says that it is sRGB
    if profile is None and srgb is None and gamma and abs(2.2 * gamma - 1) > 0.01:
        shown = opaque.point(_from_power(1 / gamma) * len(opaque.getbands()))
    if shown is None:
        return image
    if image.mode == "RGBA":
        shown.putalpha(image.getchannel("A"))
    return shown


def _from_power(power: float) -> list[int]:
    """Return a table of 256 bytes of sRGB (IEC 61966-2-1) whose light is a power of the place."""
    light = np.linspace(0, 1, 256) ** power
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * srgb).astype(int).tolist()


def _from_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Return an image in sRGB; None where that changes nothing, or cannot be."""
    conversion = _conversion(profile, image.mode) if profile else None
    if isinstance(conversion, list):
        return image.point(conversion)
    return conversion and ImageCms.applyTransform(image, conversion)


@functools.lru_cache(maxsize=32)
def _conversion(profile: bytes, mode: str) -> Any:
    """Return a table of 256 grays for mode L, else a transform of Pillow's, or None."""
    try:
        space = _MODES.get(profile[16:20])
        if space is None or (space != mode and (space, mode) != ("RGB", "L")):
            return None
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        # as it stands a transform of grays knows 8 bits of their light, too few of the dark
        flags = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
        transform = ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), space, "RGB", flags=flags)
        if mode == "L":
            ramp = np.arange(256, dtype=np.uint8)[None]
            grays = ImageCms.applyTransform(Image.fromarray(ramp).convert(space), transform).convert("L")
            table = np.asarray(grays)[0].tolist()
            return None if _alike(np.array(table), ramp[0]) else table
    except (ImageCms.PyCMSError, OSError):
        return None
    if mode == "RGB":
        steps = np.linspace(0, 255, 18).astype(np.uint8)
        cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
        if _alike(np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform)), cube):
            return None
    return transform


def _alike(shown: np.ndarray, given: np.ndarray) -> bool:
    """Whether a conversion does no more than round, as one from sRGB to sRGB."""
    return bool(np.abs(shown.astype(int) - given).max() <= 1)
