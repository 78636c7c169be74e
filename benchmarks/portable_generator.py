"""The portable generator's raw 32-bit words through public batteries of tests for randomness.

    python benchmarks/portable_generator.py stream images | dieharder -a -g 200
    python benchmarks/portable_generator.py stream seeds | RNG_test stdin32
    python benchmarks/portable_generator.py battery images --output result.md      # dieharder, test by test

A word is L * 65536 + R after the rounds, little-endian. The streams:

    images   one seed, image by image, the latent dimensions of an image next to each other; the next seed
             when the images that a seed has (16 million) are used up
    seeds    the same (image, dimension) for 256 neighbouring seeds, then the next dimension or image
    control  no generator of ours: a 32-bit counter through a bijective hash, to tell what every 32-bit
             permutation does from what is this one's fault

Reads nothing, needs nothing but NumPy and the battery. What came out is in portable_generator.md.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from keras_vae.random.portable import A, B, C, stride, words_numpy

BLOCK = 2**13  # words at a time: small enough that a block's arrays stay in the processor's first cache
SEEDS = 256

# dieharder's number and its n-tuples: all that `-a` runs but 27 of the 33 lagged sums, which would read 50
# billion words, and 5, 6, 7 and 14 (opso, oqso, dna, sums), which dieharder itself calls suspect or useless.
TESTS = [
    *((number, [0]) for number in (0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16, 17, 100, 101, 102)),
    (200, range(1, 13)),
    (201, range(2, 6)),
    (202, range(2, 6)),
    (203, (0, 1, 2, 3, 15, 31)),
    *((number, [0]) for number in (204, 205, 206, 207, 208, 209)),
]


def mix(t: np.ndarray) -> np.ndarray:
    """F of the formula, in uint32 and with masks, which NumPy does several times as fast as divisions."""
    product = t * (t >> 1)
    mixed = product >> 8
    product &= 0xFFFF
    mixed += product
    t = t * np.uint32(3)
    mixed += t
    return mixed


def keys_of(seeds: np.ndarray) -> np.ndarray:
    """uint32 [8, seeds]: the keys of int64 seeds."""
    low, high = seeds % 65536, seeds // 65536 % 65536
    a, b, c = (np.array(constant)[:, None] for constant in (A, B, C))
    return mix(((low * a + high * b + c) % 65536).astype(np.uint32)) & 0xFFFF


def encrypt(keys: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """uint32 words of the shape of left and right; keys [8, ...] broadcast against them."""
    for key in keys:
        t = right + key
        t &= 0xFFFF
        mixed = mix(t)
        mixed += left
        mixed &= 0xFFFF
        left, right = right, mixed
    return left << 16 | right


def as_int32(seed: int) -> int:
    return (seed + 2**31) % 2**32 - 2**31


def images(seed: int, latent_dim: int) -> Iterator[np.ndarray]:
    step = stride(latent_dim)
    count = BLOCK // latent_dim
    column = np.arange(latent_dim, dtype=np.uint32)
    for current in itertools.count(seed):
        keys = keys_of(np.array([current]))
        for first in range(0, 65536 * (65536 // step), count):
            index = np.arange(first, first + count, dtype=np.uint32)
            left = np.repeat(index & 0xFFFF, latent_dim)
            right = ((index >> 16) * np.uint32(step))[:, None] + column
            yield encrypt(keys, left, right.ravel() & 0xFFFF)


def seeds(seed: int, latent_dim: int) -> Iterator[np.ndarray]:
    step = stride(latent_dim)
    for first in itertools.count(seed, SEEDS):
        keys = keys_of(np.arange(first, first + SEEDS))[:, None, :]
        points = itertools.product(range(65536 * (65536 // step)), range(latent_dim))
        while chunk := list(itertools.islice(points, BLOCK // SEEDS)):
            index, column = np.array(chunk, np.uint32).T[:, :, None]
            yield encrypt(keys, index & 0xFFFF, ((index >> 16) * np.uint32(step) + column) & 0xFFFF)


def control(seed: int, latent_dim: int) -> Iterator[np.ndarray]:
    del latent_dim
    for first in itertools.count(seed * BLOCK, BLOCK):
        x = np.arange(first, first + BLOCK).astype(np.uint32)
        for salt in (
            0x9E3779B9,
            0x3C6EF372,
            0xDAA66D2B,
        ):  # three times murmur3's finalizer, every step invertible
            x ^= x >> 16
            x *= np.uint32(0x85EBCA6B)
            x ^= x >> 13
            x *= np.uint32(0xC2B2AE35)
            x ^= x >> 16
            x += np.uint32(salt)
        yield x


STREAMS = {"images": images, "seeds": seeds, "control": control}


def check(seed: int, latent_dim: int) -> None:
    """Refuse to measure anything but the generator: the first block of each stream against the NumPy twin."""
    count = BLOCK // latent_dim
    left, right = words_numpy(as_int32(seed), np.arange(count), np.arange(latent_dim), stride(latent_dim))
    if not np.array_equal(next(images(seed, latent_dim)), (left.astype(np.uint32) << 16 | right).ravel()):
        raise AssertionError("the images stream is not the generator")
    block = next(seeds(seed, latent_dim))
    for offset in range(0, SEEDS, 37):
        left, right = words_numpy(as_int32(seed + offset), np.arange(count), np.arange(latent_dim), stride(latent_dim))
        expected = (left.astype(np.uint32) << 16 | right).ravel()[: BLOCK // SEEDS]
        if not np.array_equal(block[:, offset], expected):
            raise AssertionError("the seeds stream is not the generator")


def write(stream: str, seed: int, latent_dim: int) -> None:
    check(seed, latent_dim)
    try:
        for block in STREAMS[stream](seed, latent_dim):
            sys.stdout.buffer.write(block.astype("<u4", copy=False).tobytes())
    except BrokenPipeError:  # the battery has read enough
        sys.stderr.close()


def battery(stream: str, seed: int, latent_dim: int, output: str) -> None:
    """Run dieharder's tests one by one, each on a stretch of seeds of its own."""
    rows, begin = [], time.time()
    tests = [(number, ntuple) for number, ntuples in TESTS for ntuple in ntuples]
    for turn, (number, ntuple) in enumerate(tests):
        start = str(seed + turn * 2**20)  # no test reads so many words that it would reach the next one's seeds
        source = [
            sys.executable,
            __file__,
            "stream",
            stream,
            "--seed",
            start,
            "--latent-dim",
            str(latent_dim),
        ]
        with subprocess.Popen(source, stdout=subprocess.PIPE) as words:
            flags = ["-g", "200", "-d", str(number), "-n", str(ntuple), "-c", ","]
            report = subprocess.run(["dieharder", *flags], stdin=words.stdout, capture_output=True, text=True)
            words.terminate()
        for line in report.stdout.splitlines():
            fields = [field.strip() for field in line.split(",")]
            if fields[-1] in ("PASSED", "WEAK", "FAILED"):
                rows.append((fields, start))
                print(f"{time.time() - begin:6.0f} s", start, line, file=sys.stderr, flush=True)
    with open(output, "w") as file:
        file.write("| test | n-tuple | samples | p-samples | p | verdict | seed |\n|---|---|---|---|---|---|---|\n")
        for fields, start in rows:
            file.write(f"| {' | '.join(fields)} | {start} |\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["stream", "battery"])
    parser.add_argument("stream", choices=list(STREAMS))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latent-dim", type=int, default=16)
    parser.add_argument("--output", default="battery.md")
    arguments = parser.parse_args()
    if arguments.command == "stream":
        write(arguments.stream, arguments.seed, arguments.latent_dim)
    else:
        battery(arguments.stream, arguments.seed, arguments.latent_dim, arguments.output)


if __name__ == "__main__":
    main()
