"""Colour profiles whose conversions have a closed form."""

import struct

import numpy as np

D50 = (0.9642, 1.0, 0.8249)
# of sRGB, brought to D50 as in its profile
PRIMARIES = {"r": (0.4360, 0.2225, 0.0139), "g": (0.3851, 0.7169, 0.0971), "b": (0.1431, 0.0606, 0.7141)}


def rgb_profile(gamma, swapped=False):
    """sRGB's primaries with another gamma; `swapped` calls red what is green."""
    primaries = PRIMARIES if not swapped else {**PRIMARIES, "r": PRIMARIES["g"], "g": PRIMARIES["r"]}
    tags = {f"{name}XYZ": _xyz(values) for name, values in primaries.items()}
    return _profile(b"RGB ", b"XYZ ", {**tags, **{f"{name}TRC": _curve(gamma) for name in PRIMARIES}})


def gray_profile(gamma):
    return _profile(b"GRAY", b"XYZ ", {"kTRC": _curve(gamma)})


def cmyk_profile(ink=3):
    """A printer whose lightness L* falls linearly with one ink, black by default; the others leave no trace."""
    ramp = bytes(range(256))
    # the last ink varies fastest; two points a side: L* of 100 or 0, and a = b = 0
    nodes = b"".join(bytes([0 if number >> (3 - ink) & 1 else 255, 128, 128]) for number in range(16))
    matrix = struct.pack(">9i", *(0x10000 * (place % 4 == 0) for place in range(9)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + nodes + ramp * 3
    return _profile(b"CMYK", b"Lab ", {"A2B0": table}, device=b"prtr")


def to_srgb(linear):
    """Linear light in [0, 1] as sRGB, in [0, 255]."""
    linear = np.asarray(linear, np.float64)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def lightness_to_srgb(lightness):
    """L* in [0, 100] as a gray of sRGB."""
    f = (np.asarray(lightness) + 16) / 116
    return to_srgb(np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)))


def _xyz(values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def _text(words):
    return b"desc\0\0\0\0" + struct.pack(">I", len(words) + 1) + words + b"\0" + bytes(78)


def _profile(space, connection, tags, device=b"mntr"):
    tags = {"desc": _text(b"made for a test"), "cprt": b"text\0\0\0\0none\0", "wtpt": _xyz(D50), **tags}
    body, table, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name.encode(), start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    header = struct.pack(">I4sI4s4s4s12s4s", size, bytes(4), 0x02400000, device, space, connection, bytes(12), b"acsp")
    header += bytes(28) + struct.pack(">3i", *(round(value * 65536) for value in D50))
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
