"""Orientation, profiles and inks, against closed-form arithmetic."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from keras_vae.data.folder.kinds import readable_suffixes
from keras_vae.data.load import load_arrays

from .drawing import draw, heic
from .profiles import cmyk_profile, gray_profile, lightness_to_srgb, rgb_profile, to_srgb

LOSSLESS = {"webp": {"lossless": True}, "avif": {"quality": 100, "subsampling": "4:4:4"}}
TURNS = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 2).swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tif", "avif", pytest.param("heic", marks=heic)])
@pytest.mark.parametrize("orientation", TURNS)
def test_images_are_turned_as_they_were_held(tmp_path, kind, orientation):
    readable_suffixes()
    stored = np.kron(np.arange(6).reshape(2, 3) * 40, np.ones([16, 16])).astype(np.uint8)
    if kind == "tif":
        options = {"tiffinfo": {0x0112: orientation}}
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"exif": exif.tobytes(), **LOSSLESS.get(kind, {})}
    Image.fromarray(stored).save(tmp_path / f"a.{kind}", **options)
    found = load_arrays(tmp_path, channels=1).images[0, :, :, 0]
    np.testing.assert_allclose(found.astype(int), TURNS[orientation](stored), atol=2)


def ramp(*channels):
    """Every fifth byte in each of some channels, uint8 [1, 52, c]."""
    return np.broadcast_to(np.arange(0, 256, 5, np.uint8)[None, :, None], (1, 52, len(channels))) * np.uint8(channels)


@pytest.mark.parametrize("kind", ["png", "tif", "webp"])
@pytest.mark.parametrize("gamma", [1.0, 1.8])
def test_profiles_of_colours_are_brought_to_srgb(tmp_path, kind, gamma):
    pixels = ramp(1, 0, 1)
    Image.fromarray(pixels).save(tmp_path / f"a.{kind}", icc_profile=rgb_profile(gamma), **LOSSLESS.get(kind, {}))
    expected = to_srgb((pixels / 255) ** gamma)
    np.testing.assert_allclose(load_arrays(tmp_path).images[0].astype(int), expected, atol=2)


def test_swapped_primaries_swap_channels(tmp_path):
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "a.png", icc_profile=rgb_profile(2.2, swapped=True))
    np.testing.assert_allclose(load_arrays(tmp_path).images[0, 0, 0].astype(int), [0, 255, 0], atol=2)


@pytest.mark.parametrize("profile", [gray_profile, rgb_profile])
def test_profiles_of_gray_images(tmp_path, profile):
    gray = ramp(1)[..., 0]
    Image.fromarray(gray).save(tmp_path / "a.png", icc_profile=profile(1.0))
    expected = to_srgb(gray / 255)
    for channels in (1, 3):
        found = load_arrays(tmp_path, channels=channels).images[0, :, :, 0]
        np.testing.assert_allclose(found.astype(int), expected, atol=2)


def test_transparency_lies_on_white_in_srgb(tmp_path):
    Image.new("RGBA", (8, 8), (64, 64, 64, 128)).save(tmp_path / "a.png", icc_profile=rgb_profile(1.0))
    expected = to_srgb(64 / 255) * 128 / 255 + 127
    np.testing.assert_allclose(load_arrays(tmp_path).images[0, 0, 0].astype(int), [expected] * 3, atol=2)


def test_transparency_is_kept_where_it_is_asked_for(tmp_path):
    Image.new("RGBA", (8, 8), (64, 65, 66, 128)).save(tmp_path / "a.png")
    Image.new("LA", (8, 8), (70, 0)).save(tmp_path / "b.png")
    Image.new("RGB", (8, 8), (80, 81, 82)).save(tmp_path / "c.png")
    Image.new("L", (8, 8), 90).save(tmp_path / "d.png")
    found = load_arrays(tmp_path, "train+test", channels=4).images
    assert found.shape == (4, 8, 8, 4)
    expected = [[64, 65, 66, 128], [70, 70, 70, 0], [80, 81, 82, 255], [90, 90, 90, 255]]
    assert sorted(found[:, 3, 5].tolist()) == expected
    shrunk = load_arrays(tmp_path, "train+test", channels=4, image_size=4).images
    expected[1] = [0, 0, 0, 0]  # nothing is seen of its colour
    assert sorted(shrunk[:, 3, 2].tolist()) == sorted(expected)


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(lambda: ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), id="sRGB"),
        pytest.param(lambda: b"no profile", id="broken"),
        pytest.param(lambda: gray_profile(1.0), id="of gray"),
        pytest.param(cmyk_profile, id="of inks"),
    ],
)
def test_profiles_that_change_nothing_change_no_bit(tmp_path, profile):
    pixels = np.random.default_rng(0).integers(0, 256, [16, 16, 3], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=profile())
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0], pixels)


def say(path, kind, data):
    """Put a chunk before the pixels of a PNG."""
    whole = path.read_bytes()
    chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(whole[:33] + chunk + whole[33:])


@pytest.mark.parametrize("channels", [(1,), (1, 0, 1)])
@pytest.mark.parametrize("gamma", [1.0, 0.5])
def test_the_power_of_a_png_is_brought_to_srgb(tmp_path, gamma, channels):
    pixels = ramp(*channels)
    Image.fromarray(pixels.squeeze(-1) if len(channels) == 1 else pixels).save(tmp_path / "a.png")
    say(tmp_path / "a.png", b"gAMA", struct.pack(">I", round(1e5 * gamma)))
    expected = to_srgb((pixels / 255) ** (1 / gamma))
    np.testing.assert_allclose(load_arrays(tmp_path).images[0].astype(int), expected, atol=1)
    say(tmp_path / "a.png", b"sRGB", b"\0")
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0], pixels)


def test_a_power_that_means_srgb_changes_no_bit(tmp_path):
    Image.fromarray(ramp(1, 0, 1)).save(tmp_path / "a.png")
    say(tmp_path / "a.png", b"gAMA", struct.pack(">I", 45455))
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0], ramp(1, 0, 1))


INKS = (10, 120, 200, 40)


def inks_as_colours(cyan, magenta, yellow, black):
    """What is left of white, as browsers reckon without a profile."""
    return [(255 - ink) * (255 - black) / 255 for ink in (cyan, magenta, yellow)]


@pytest.mark.parametrize("kind", ["jpg", "tif"])
def test_inks_without_a_profile(tmp_path, kind):
    # Pillow writes JPEGs of inks as Adobe does, inverted and marked
    draw(tmp_path / f"a.{kind}", colour=INKS, mode="CMYK", **({"quality": 100} if kind == "jpg" else {}))
    np.testing.assert_allclose(load_arrays(tmp_path).images[0, 4, 4].astype(int), inks_as_colours(*INKS), atol=2)


def unmarked_jpeg(path, inks):
    """Write a JPEG of inks without Adobe's marker; they are inverted all the same."""
    draw(path, colour=inks, mode="CMYK", quality=100)
    data = path.read_bytes()
    start = data.index(b"\xff\xee")
    path.write_bytes(data[:start] + data[start + 16 :])


def test_inks_without_adobes_marker(tmp_path):
    unmarked_jpeg(tmp_path / "a.jpg", INKS)
    assert b"Adobe" not in (tmp_path / "a.jpg").read_bytes()
    np.testing.assert_allclose(load_arrays(tmp_path).images[0, 4, 4].astype(int), inks_as_colours(*INKS), atol=2)


def ycck_jpeg(path, inks, **options):
    """Write inks as Photoshop does: colours as the YCbCr of an RGB, black inverted, and the marker that says so."""
    as_light = Image.new("RGB", (8, 8), inks[:3]).convert("YCbCr").getpixel((0, 0))
    # Pillow inverts all of them
    draw(path, colour=(*(255 - value for value in as_light), inks[3]), mode="CMYK", quality=100, **options)
    data = bytearray(path.read_bytes())
    marker = data.index(b"Adobe")
    assert data[marker + 11] == 0
    data[marker + 11] = 2
    path.write_bytes(data)


def test_inks_in_ycck(tmp_path):
    ycck_jpeg(tmp_path / "a.jpg", INKS)
    np.testing.assert_allclose(load_arrays(tmp_path).images[0, 4, 4].astype(int), inks_as_colours(*INKS), atol=3)


@pytest.mark.parametrize("black", [0, 51, 153, 255])
@pytest.mark.parametrize("write", [draw, ycck_jpeg])
def test_inks_with_a_profile(tmp_path, black, write):
    inks = (*INKS[:3], black)
    options = {"icc_profile": cmyk_profile()}
    if write is draw:
        draw(tmp_path / "a.jpg", colour=inks, mode="CMYK", quality=100, **options)
    else:
        ycck_jpeg(tmp_path / "a.jpg", inks, **options)
    expected = lightness_to_srgb(100 * (1 - black / 255))
    np.testing.assert_allclose(load_arrays(tmp_path).images[0, 4, 4].astype(int), [expected] * 3, atol=3)
