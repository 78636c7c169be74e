"""Pixels of more than 8 bits are scaled by what they hold, against closed-form arithmetic."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_vae.data.load import load_arrays

COLOUR_TYPES = {1: 0, 3: 2, 2: 4, 4: 6}


def deep_png(path, levels, transparent=None, orientation=None):
    """Write 16 bits per channel, uint16 `[h, w, c]`, which Pillow cannot for colours."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, channels = levels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    exif = Image.Exif()
    exif[0x0112] = orientation or 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0))
        + (chunk(b"tRNS", np.array(transparent, ">u2").tobytes()) if transparent is not None else b"")
        + (chunk(b"eXIf", exif.tobytes()[6:]) if orientation else b"")
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def levels():
    """Numbers of 12 bits, the brightest among them, uint16 [8, 6, 4]."""
    levels = np.random.default_rng(0).integers(0, 4096, [8, 6, 4]).astype(np.uint16)
    levels[0, 0] = 4095
    return levels


def as_bytes(levels, white):
    return np.rint(levels.astype(np.float64) * 255 / white)


@pytest.mark.parametrize("kind", ["png", "tif"])
@pytest.mark.parametrize(("highest", "white"), [(200, 255), (1000, 1023), (4095, 4095), (9000, 16383), (65535, 65535)])
def test_gray_is_scaled_to_the_bits_it_needs(tmp_path, kind, highest, white, caplog):
    gray = np.linspace(0, highest, 48).reshape(8, 6).astype(np.uint16)
    Image.fromarray(gray).save(tmp_path / f"a.{kind}")
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0, :, :, 0], as_bytes(gray, white))
    bits = [] if white == 65535 else [f"more than 8 bits hold {white.bit_length()}: none is above {white}, "]
    assert [bit in message for bit in bits for message in caplog.messages] == [True] * len(bits)
    assert len(caplog.messages) == len(bits)


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_keep_all_bits(tmp_path, levels, channels):
    deep_png(tmp_path / "a.png", levels[..., :channels])
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0], as_bytes(levels[..., :channels], 4095))


@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_is_of_16_bits_and_lies_on_white(tmp_path, levels, channels):
    levels = levels[..., -channels:]
    levels[..., -1] = np.where(np.arange(6) % 2, 65535, 0)
    deep_png(tmp_path / "a.png", levels)
    seen = np.where(levels[..., -1:] > 0, as_bytes(levels[..., :-1], 4095), 255)
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0], np.broadcast_to(seen, (8, 6, 3)))
    kept = load_arrays(tmp_path, channels=4).images[0]
    np.testing.assert_array_equal(kept[..., 3], np.broadcast_to(255 * (np.arange(6) % 2), (8, 6)))
    np.testing.assert_array_equal(kept[:, 1::2, :3], np.broadcast_to(seen, (8, 6, 3))[:, 1::2])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_value_is_white(tmp_path, levels, channels):
    levels = levels[..., :channels]
    levels[3, 4], levels[5, 5] = 7, [7, 8, 7][:channels]
    deep_png(tmp_path / "a.png", levels, transparent=[7] * channels)
    expected = as_bytes(levels, 4095)
    expected[(levels == 7).all(-1)] = 255
    np.testing.assert_array_equal(load_arrays(tmp_path, channels=channels).images[0], expected)
    assert (load_arrays(tmp_path, channels=3).images[0, 5, 5] < 5).all() == (channels == 3)


def test_all_files_of_a_folder_are_scaled_alike(tmp_path):
    for split, highest in (("train", 4000), ("test", 2000)):
        deep_png(tmp_path / split / "a.png", np.full([8, 8, 1], highest, np.uint16))
    assert load_arrays(tmp_path, "train").images[0, 0, 0, 0] == round(4000 * 255 / 4095)
    assert load_arrays(tmp_path, "test").images[0, 0, 0, 0] == round(2000 * 255 / 4095)


def test_deep_images_are_turned(tmp_path, levels):
    deep_png(tmp_path / "a.png", levels[..., :1], orientation=6)
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0, ..., 0], np.rot90(as_bytes(levels[..., 0], 4095), -1))


@pytest.mark.parametrize(("highest", "white"), [(1.0, 1), (0.5, 1), (255.0, 255), (4000.0, 4095)])
def test_floats_are_scaled_likewise(tmp_path, highest, white):
    gray = np.linspace(0, highest, 48, dtype=np.float32).reshape(8, 6)
    Image.fromarray(gray).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0, :, :, 0], as_bytes(gray, white))


def test_floats_and_whole_numbers_have_whites_of_their_own(tmp_path, levels):
    Image.fromarray(levels[..., 0]).save(tmp_path / "a.tif")
    Image.fromarray(np.full([8, 6], 0.5, np.float32)).save(tmp_path / "b.tif")
    found = load_arrays(tmp_path, "train+test").images[..., 0]
    expected = as_bytes(levels[..., 0], 4095), np.full([8, 6], 128)
    assert all(any(np.array_equal(image, other) for image in found) for other in expected)


def test_a_mask_of_whole_numbers_stays_what_it_is_in_8_bits(tmp_path):
    mask = np.eye(8, dtype=np.uint16)
    Image.fromarray(mask).save(tmp_path / "a.png")
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0, ..., 0], mask)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_floats_that_are_no_brightness_are_refused(tmp_path, wrong):
    gray = np.full([8, 8], 0.5, np.float32)
    gray[3, 3] = wrong
    Image.fromarray(gray).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=r"a.tif: its pixels are .* to .*, not 0 to a white level\): expected"):
        load_arrays(tmp_path)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_deep_file_cut_short_is_refused(tmp_path, part):
    deep_png(tmp_path / "a.png", np.random.default_rng(0).integers(0, 65536, [32, 32, 3]).astype(np.uint16))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ValueError, match=r"1 of 1 images of .*a.png: no whole PNG\): expected"):
        load_arrays(tmp_path)


def deep_tiff(path, levels, photometric):
    """Write 16 bits per channel, uint16 `[h, w, c]`, in one strip."""
    height, width, channels = levels.shape
    data = levels.astype("<u2").tobytes()
    entries = {256: width, 257: height, 258: 16, 259: 1, 262: photometric, 273: 8, 277: channels, 278: height}
    entries[279] = len(data)
    bits = 8 + len(data)
    start = bits + 2 * channels
    table = struct.pack("<H", len(entries))
    for tag, value in entries.items():
        several = tag == 258 and channels > 1
        table += struct.pack("<HHII", tag, 3 if several else 4, channels if several else 1, bits if several else value)
    header = b"II*\0" + struct.pack("<I", start)
    path.write_bytes(header + data + struct.pack("<H", 16) * channels + table + bytes(4))


def test_colours_of_a_tiff_are_read_where_their_upper_bytes_tell_them(tmp_path, levels):
    deep_tiff(tmp_path / "a.tif", levels[..., :3] * 16, photometric=2)
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0], levels[..., :3] // 16)
    deep_tiff(tmp_path / "a.tif", levels[..., :3], photometric=2)
    with pytest.raises(ValueError, match=r"a.tif: its colours hold at most 14 of 16 bits, .*; a PNG is"):
        load_arrays(tmp_path)


def test_a_negative_of_16_bits_is_refused(tmp_path, levels):
    deep_tiff(tmp_path / "a.tif", levels[..., :1], photometric=1)
    np.testing.assert_array_equal(load_arrays(tmp_path).images[0], as_bytes(levels[..., :1], 4095))
    deep_tiff(tmp_path / "a.tif", levels[..., :1], photometric=0)
    with pytest.raises(ValueError, match=r"a.tif: 0 is white in it, as in radiographs"):
        load_arrays(tmp_path)
