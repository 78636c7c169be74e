"""The importance-weighted bound of each test image, by weights rounded to float16, in float32 without shortcuts."""

from __future__ import annotations

import json
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from data import held_out
from model import PRESET, Ladder, in_float16

IMAGES, AT_ONCE = 50, 100  # images and samples of a call


def judge(data: Path, weights: Path, samples: int, seed: int, output: Path) -> None:
    """Write bound, ELBO and log p(x|e) of each image, in nats, and print their means."""
    model, stored, x = Ladder(), np.load(weights), held_out(data, "test")
    rounded = in_float16([stored[name] for name in sorted(stored.files)])

    @jax.jit
    def some(x, number):
        def chunk(carry, part):
            key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), number), part)
            noise = jax.random.normal(key, (AT_ONCE, len(x), model.latent_dim))
            likelihood, ratio = model.of_samples(rounded, x, noise)
            weight, (bound, elbo, total) = likelihood + ratio, carry
            bound = jnp.logaddexp(bound, jax.nn.logsumexp(weight, axis=0))
            return (bound, elbo + weight.sum(0), total + likelihood.sum(0)), None

        start = (jnp.full(len(x), -jnp.inf), jnp.zeros(len(x)), jnp.zeros(len(x)))
        (bound, elbo, total), _ = jax.lax.scan(chunk, start, jnp.arange(samples // AT_ONCE))
        return bound - jnp.log(samples), elbo / samples, total / samples

    began = time.time()
    with jax.default_matmul_precision("highest"):
        found = [some(x[number * IMAGES : (number + 1) * IMAGES], number) for number in range(len(x) // IMAGES)]
    bound, elbo, likelihood = (np.concatenate(each) for each in zip(*found, strict=True))
    np.savez(output / f"judged_{PRESET}_{samples}.npz", bound=bound, elbo=elbo, log_likelihood=likelihood)
    figures = {
        "images": len(bound),
        "samples": samples,
        "nll": -float(bound.mean()),
        "error": float(bound.std() / np.sqrt(len(bound))),
        "elbo": float(elbo.mean()),
        "seconds": time.time() - began,
    }
    print(json.dumps(figures))
