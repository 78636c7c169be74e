"""Every kind of file that people have, against what was drawn."""

import logging
import sys

import numpy as np
import pytest
from PIL import Image

from keras_vae.data.load import load_arrays

from .drawing import draw, fill, heic

LOSSLESS = {"webp": {"lossless": True}, "avif": {"quality": 100, "subsampling": "4:4:4"}, "jfif": {"format": "JPEG"}}
KINDS = [
    *("png", "jpg", "JPEG", "jpe", "jfif", "bmp", "gif", "webp", "tif", "TIFF", "avif", "pgm", "ppm"),
    *(pytest.param(kind, marks=heic) for kind in ("heic", "HEIF")),
]


@pytest.fixture
def gradient():
    """An image that is easy on every coder, uint8 [24, 32]."""
    return (np.arange(24)[:, None] * 3 + np.arange(32) * 5).astype(np.uint8)


def save(folder, kind, image):
    if kind.lower().startswith("hei"):
        from keras_vae.data.folder.kinds import readable_suffixes

        readable_suffixes()
    image.save(folder / f"image.{kind}", **LOSSLESS.get(kind, {}))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read(tmp_path, gradient, kind):
    save(tmp_path, kind, Image.fromarray(gradient))
    found = load_arrays(tmp_path, channels=1).images[0, :, :, 0]
    np.testing.assert_allclose(found.astype(int), gradient, atol=3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_every_kind_is_refused_when_cut_short(tmp_path, kind, part):
    # noise, so that what is cut off are pixels
    save(tmp_path, kind, Image.fromarray(np.random.default_rng(0).integers(0, 256, [24, 32, 3], np.uint8)))
    path = tmp_path / f"image.{kind}"
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(
        ValueError, match=rf"1 of 1 images of .* cannot be read \(.*image.{kind}: .*mend them"
    ) as caught:
        load_arrays(tmp_path)
    assert "\n" not in str(caught.value)


def test_without_the_extra_heic_files_are_counted_and_the_extra_named(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    fill(tmp_path, 3)
    for index in range(9):
        (tmp_path / f"{index}.heic").write_bytes(b"a photograph")
    load_arrays(tmp_path)
    assert caplog.messages[0].endswith("passed over 9 files: .heic 9 (pip install 'keras_vae[heic]' reads HEIC)")
    for path in tmp_path.glob("*.png"):
        path.unlink()
    with pytest.raises(ValueError, match=r"holds no images, passed over 9 files: .heic 9 \(pip install .*: expected"):
        load_arrays(tmp_path)


def test_a_wrong_suffix_does_not_matter_but_only_images_are_opened(tmp_path):
    draw(tmp_path / "a.png", format="JPEG")
    assert load_arrays(tmp_path).images.shape == (1, 8, 8, 1)
    draw(tmp_path / "b.png", format="EPS")  # which Pillow hands to Ghostscript
    with pytest.raises(ValueError, match=r"b.png: no image\): expected"):
        load_arrays(tmp_path, "train+test")


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "tif"])
def test_the_first_of_several_frames_is_read(tmp_path, kind, caplog):
    frames = [Image.new("RGB", (8, 8), (index, 0, 0)) for index in (10, 200)]
    frames[0].save(tmp_path / f"moving.{kind}", save_all=True, append_images=frames[1:], **LOSSLESS.get(kind, {}))
    assert load_arrays(tmp_path).images[0, 4, 4].tolist() == [10, 0, 0]
    assert caplog.messages == [f"{tmp_path}: train 1; the first frame alone of 1 image"]


def test_palettes_and_bits_are_colours(tmp_path):
    Image.new("1", (8, 8), 1).save(tmp_path / "bits.png")
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 10, 200, 30])
    palette.save(tmp_path / "palette.png")
    palette.save(tmp_path / "transparent.png", transparency=bytes([255, 0]))
    found = load_arrays(tmp_path, "train+test").images[:, 4, 4].tolist()
    assert sorted(found) == [[10, 200, 30], [255, 255, 255], [255, 255, 255]]


@pytest.mark.parametrize("megapixels", [100, 200])
def test_a_very_large_photograph_is_drafted_down(tmp_path, megapixels, recwarn):
    side = int(1000 * megapixels**0.5)
    halves = Image.new("L", (side, side), 40)
    halves.paste(200, (side // 2, 0, side, side))
    halves.save(tmp_path / "a.jpg")
    found = load_arrays(tmp_path, image_size=16).images[0, :, :, 0]
    assert np.abs(found[:, :7].astype(int) - 40).max() <= 1
    assert np.abs(found[:, 9:].astype(int) - 200).max() <= 1
    assert len(recwarn) == 0


def test_a_large_image_of_another_kind_is_shrunk(tmp_path, recwarn):
    Image.new("1", (10_000, 10_000), 1).save(tmp_path / "a.png")
    found = load_arrays(tmp_path, image_size=16).images
    assert found.shape == (1, 16, 16, 1)
    assert found.min() == 255
    assert len(recwarn) == 0


def test_what_would_take_gigabytes_is_refused_for_that_reason(tmp_path):
    draw(tmp_path / "a.png")
    header = bytearray((tmp_path / "a.png").read_bytes())
    header[16:24] = (20_000).to_bytes(4, "big") * 2
    import zlib

    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(header)
    with pytest.raises(ValueError, match=r"a.png: 400 megapixels, more than 268\): expected"):
        load_arrays(tmp_path, image_size=16)


def test_pillows_limit_is_left_as_it_was(tmp_path):
    draw(tmp_path / "a.png")
    before = Image.MAX_IMAGE_PIXELS
    load_arrays(tmp_path)
    assert before == Image.MAX_IMAGE_PIXELS


def test_odd_metadata_are_not_talked_of(tmp_path, capfd, recwarn, caplog):
    caplog.set_level(logging.INFO)
    exif = Image.Exif()
    exif[0x0112] = 77
    draw(tmp_path / "a.jpg", exif=exif)
    draw(tmp_path / "b.tif", tiffinfo={65000: "private"})
    draw(tmp_path / "c.jpg", icc_profile=b"no profile")
    assert len(load_arrays(tmp_path, "train+test")) == 3
    assert capfd.readouterr() == ("", "")
    assert len(recwarn) == 0
    assert len(caplog.messages) == 1
