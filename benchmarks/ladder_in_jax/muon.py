"""Muon of all kernels, stacked by shape (Jordan et al. 2024), Adam of the rest, and an average of the weights."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

LIMIT = 300.0  # of the gradient's norm


class State(NamedTuple):
    """Lists as long as the weights, and the number of steps taken."""

    weights: list
    first: list
    second: list
    average: list
    step: jax.Array


def start(weights) -> State:
    zeros = [[jnp.zeros_like(weight) for weight in weights] for _ in range(2)]
    return State([*weights], *zeros, [jnp.array(weight) for weight in weights], jnp.zeros(()))


def make_update(weights):
    """Return the function from a state, gradients, rate and share of the average that is kept, to the next state."""
    shapes: dict = {}
    for number, weight in enumerate(weights):
        rows = int(np.prod(weight.shape[:-1]))
        if weight.ndim in (2, 4) and min(rows, weight.shape[-1]) >= 8:
            shapes.setdefault((rows, weight.shape[-1]), []).append(number)
    kernels = {number for numbers in shapes.values() for number in numbers}

    def update(state: State, gradients, rate, kept) -> State:
        norm = jnp.sqrt(sum(jnp.sum(g**2) for g in gradients))
        fine = jnp.isfinite(norm)
        scale = jnp.where(fine, jnp.minimum(1.0, LIMIT / (norm + 1e-6)), 0.0)
        gradients = [jnp.where(fine, g * scale, 0.0) for g in gradients]
        weights, first, second = [*state.weights], [*state.first], [*state.second]
        for (rows, columns), numbers in shapes.items():
            for n in numbers:
                first[n] = 0.95 * first[n] + gradients[n]
            stack = jnp.stack([(gradients[n] + 0.95 * first[n]).reshape(rows, columns) for n in numbers])
            change = orthogonalised(stack) * max(1.0, rows / columns) ** 0.5
            for place, n in enumerate(numbers):
                weights[n] = weights[n] - rate * change[place].reshape(weights[n].shape)
        one, two = 0.9, 0.99
        for n in set(range(len(weights))) - kernels:
            first[n] = one * first[n] + (1 - one) * gradients[n]
            second[n] = two * second[n] + (1 - two) * gradients[n] ** 2
            mean, square = first[n] / (1 - one ** (state.step + 1)), second[n] / (1 - two ** (state.step + 1))
            weights[n] = weights[n] - 0.2 * rate * mean / (jnp.sqrt(square) + 1e-8)
        average = [kept * a + (1 - kept) * w for a, w in zip(state.average, weights, strict=True)]
        return State(weights, first, second, average, state.step + 1)

    return update


def orthogonalised(matrices):
    """Newton-Schulz of a stack `[k, rows, columns]`."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = jnp.swapaxes(matrices, 1, 2) if tall else matrices
    x = (x / (jnp.linalg.norm(x, axis=(1, 2), keepdims=True) + 1e-7)).astype(jnp.bfloat16)
    for _ in range(5):
        gram = x @ jnp.swapaxes(x, 1, 2)
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    x = x.astype(jnp.float32)
    return jnp.swapaxes(x, 1, 2) if tall else x
