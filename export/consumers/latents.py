"""The latents of a bundle's images, by the manifest's formula alone: for devices that run nothing but a decoder.

It takes integers below 2^31, additions, multiplications and divisions, and is short, to be written again in another
language. It needs NumPy, and runs on Python 3.9 and later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

GENERATOR = "83761af5af2b0d0772f9a3a3b531d6c0c9a9e3103b7a29b9566dcd384ca6b8bb"  # of its name and numbers but the stride


def draw_latents(manifest: Mapping[str, Any], index: np.ndarray, seed: Any, temperature: Any) -> np.ndarray:
    """Return the latents float32 [n, d] that `generate` draws for images int [n]."""
    generator, prior, latent_dim = manifest["generator"], drawn_from(manifest), manifest["model"]["latent_dim"]
    scale = np.float32(generator["scale"])
    left, right = words(generator, index, seed, np.arange(latent_dim))
    table = np.array(generator["table"], np.int64)
    noise = (table[left // 16] + table[right // 16]).astype(np.float32) * scale * temperature
    if prior["name"] == "StandardNormal":
        return noise
    # A mixture: the word of one more column chooses the component, whose numbers are whole steps of the scale.
    left, right = words(generator, index, seed, np.array([latent_dim]))
    component = np.searchsorted(prior["thresholds"], (left // 2 * 65536 + right)[:, 0], side="right")
    mean, stddev = (
        np.rint(np.array(prior[name], np.float32) / scale)[component] * scale for name in ("means", "stddevs")
    )
    return mean + stddev * noise


def drawn_from(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what latents are drawn from: the sampler if the model has one, else the prior."""
    return manifest["model"].get("sampler") or manifest["model"]["prior"]


def words(
    generator: Mapping[str, Any], index: np.ndarray, seed: Any, column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the two halves of a random word for each image and column, int64 [n, columns] each, below 65536."""
    a, b, c = (np.array(generator[name], np.int64) for name in ("a", "b", "c"))
    low, high = int(seed) % 65536, int(seed) // 65536 % 65536
    keys = mix((low * a % 65536 + high * b % 65536 + c) % 65536) % 65536
    image = np.asarray(index, np.int64)[:, None]
    left, right = image % 65536, (image // 65536 * generator["stride"] + column) % 65536
    for key in keys[: generator["rounds"]]:
        left, right = right, (left + mix((right + key) % 65536)) % 65536
    return left, right


def mix(t: Any) -> Any:
    """F of the generator's formula, on integers in [0, 65536)."""
    product = t * (t // 2)
    return product // 256 + product % 65536 + 3 * t


def check_formula(manifest: Mapping[str, Any], golden: Iterable[Mapping[str, Any]]) -> None:
    """Raise ValueError unless the formula is this one, and draws the golden latents, which are Keras' own."""
    prior, numbers = drawn_from(manifest)["name"], {k: v for k, v in manifest["generator"].items() if k != "stride"}
    known = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest() == GENERATOR
    if not (known and prior in ("StandardNormal", "FixedMixture")):
        drawn = f"{prior} by {numbers['name']}{'' if known else ' of other numbers'}"
        raise ValueError(
            f"latents come from {drawn}: expected latents that this program can draw; choose another --precision"
        )
    for case in golden:
        drawn = draw_latents(manifest, np.array(case["index"]), case["seed"], np.float32(case["temperature"]))
        if drawn.tolist() != case["latent"]:
            raise ValueError("manifest.json draws other latents than golden.json has: expected those; copy it again")
