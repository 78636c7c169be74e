"""MNIST as ladders.md says it was prepared: where JAX runs there need be no TFDS."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np


def training_images(folder: Path) -> jax.Array:
    """Gray, uint8 `[50000, 28, 28, 1]`."""
    return jnp.asarray(np.load(folder / "mnist.npz")["train"].reshape(-1, 28, 28, 1))


def held_out(folder: Path, split: str) -> jax.Array:
    """The images of "validation" or "test", drawn once: 0 or 1, float32 `[10000, 28, 28, 1]`."""
    bits = np.unpackbits(np.load(folder / "mnist.npz")[split], axis=1)[:, :784]
    return jnp.asarray(bits.reshape(-1, 28, 28, 1), jnp.float32)


def drawn(gray: jax.Array, key: jax.Array) -> jax.Array:
    """Pixels drawn as 0 or 1, with their gray value as the probability."""
    return (jax.random.uniform(key, gray.shape) < gray.astype(jnp.float32) / 255).astype(jnp.float32)
