"""The training of ladders.md: its schedule follows the clock."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from data import drawn, held_out, training_images
from model import PRESET, Ladder, in_float16
from muon import make_update, start

BATCH, RATE, KEPT = 512, 1e-2, 0.999
WARM_UP = 0.1  # the part of the training in which the weight of the KL rises from 0.1 by 1
VALIDATION = 2000


def train(data: Path, seconds: float, seed: int, output: Path) -> None:
    """Write the averaged weights, and a line of JSON every ten seconds."""
    model, images = Ladder(), training_images(data)
    validation = held_out(data, "validation")[:VALIDATION]
    weights = [variable.value for variable in model.variables]
    state, update, steps = start(weights), make_update(weights), len(images) // BATCH

    def loss(weights, x, noise, weight_of_kl):
        log_likelihood, kl, _ = model.terms(weights, x, noise)
        likelihood, kl = jnp.mean(log_likelihood), jnp.mean(jnp.sum(kl, axis=0))
        return weight_of_kl * kl - likelihood, likelihood - kl

    @partial(jax.jit, donate_argnums=0)
    def epoch(state, key, rate, weight_of_kl, kept):
        order, key = jax.random.split(key)
        rows = jax.random.permutation(order, len(images))[: steps * BATCH].reshape(steps, BATCH)

        def step(state, inputs):
            rows, key = inputs
            pixels, samples = jax.random.split(key)
            x, noise = drawn(images[rows], pixels), jax.random.normal(samples, (BATCH, model.latent_dim))
            gradients, elbo = jax.grad(loss, has_aux=True)(state.weights, x, noise, weight_of_kl)
            return update(state, gradients, rate, kept), elbo

        state, elbo = jax.lax.scan(step, state, (rows, jax.random.split(key, steps)))
        return state, jnp.mean(elbo)

    @jax.jit
    def judged(weights, x, key):
        log_likelihood, kl, _ = model.terms(weights, x, jax.random.normal(key, (len(x), model.latent_dim)))
        return jnp.mean(log_likelihood - jnp.sum(kl, axis=0)), jnp.mean(kl, axis=1)

    def validate(weights) -> dict:
        parts = [judged(weights, x, jax.random.key(s)) for s, x in enumerate(jnp.split(validation, 4))]
        elbo, kl = (np.mean(each, axis=0) for each in zip(*parts, strict=True))
        return {"validation_elbo": round(float(elbo), 3), "kl": np.round(kl, 2).tolist()}

    state, _ = epoch(state, jax.random.key(10**6), 0.0, 1.0, 1.0)  # compiles
    validate(state.average)
    began, number, shown = time.time(), 0, 0.0
    with (output / f"{PRESET}.jsonl").open("a") as log:
        while (elapsed := time.time() - began) < seconds:
            progress, taken = elapsed / seconds, number * steps
            rate = RATE * min(1.0, (taken + steps) / 500) * 0.5 * (1 + np.cos(np.pi * progress))
            weight_of_kl, kept = min(1.0, 0.1 + progress / WARM_UP), min(KEPT, (taken + 1) / (taken + 10))
            state, elbo = epoch(state, jax.random.key(seed * 10**5 + number), rate, weight_of_kl, kept)
            jax.block_until_ready(elbo)
            number += 1
            if elapsed - shown > 10:
                shown = elapsed
                line = {"seconds": round(elapsed, 1), "epoch": number, "train_elbo": round(float(elbo), 3)}
                print(json.dumps({**line, **validate(state.average)}), file=log, flush=True)
    np.savez(output / f"{PRESET}.npz", **{f"{n:03}": np.asarray(w) for n, w in enumerate(state.average)})
    print("epochs", number, "steps", number * steps, "in float16", validate(in_float16(state.average)), flush=True)
