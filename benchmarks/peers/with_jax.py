"""JAX: one jitted step with donated state, Adam written out; the presets' networks by Keras' JAX backend."""

from __future__ import annotations

import functools
import os

from protocol import SHAPES, check, kl_weight, options, random_images, serve

asked = options()
os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={asked.threads}"
os.environ["KERAS_BACKEND"] = "jax"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

if asked.network in ("dense", "conv"):
    from jax_small import Small

    model = Small(asked.network, asked.seed)
else:
    from jax_keras import ColourVAE, LadderVAE

    model = LadderVAE() if asked.network == "ladder" else ColourVAE(SHAPES[asked.network], asked.seed)
weights = sum(weight.size for weight in jax.tree.leaves(model.weights))


@functools.partial(jax.jit, donate_argnums=0)
def step(state, x, kl_weight):
    weights, first, second, count, key, total = state
    key, now = jax.random.split(key)
    noise = jax.random.normal(now, (len(x), model.latent_dim))
    loss, gradient = jax.value_and_grad(model.loss)(weights, x, noise, kl_weight)
    count += 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, gradient)
    rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, first, second)
    return weights, first, second, count, key, total + loss


def checked_loss(stored: dict[str, np.ndarray], images: np.ndarray, noise: np.ndarray) -> tuple[float, int]:
    return float(jax.jit(model.loss)([stored[name] for name in model.names], images, noise, 1.0)), weights


if asked.check:
    check(asked.check, checked_loss)
images = random_images(asked.images, asked.network, asked.seed).astype(np.float32) / 255
zeros = functools.partial(jax.tree.map, jnp.zeros_like)
start = jax.tree.map(jnp.array, model.weights)  # copies, since a step takes them over
state = (start, zeros(start), zeros(start), jnp.zeros(()), jax.random.key(asked.seed), jnp.zeros(()))
generator = np.random.default_rng(asked.seed)
taken = 0


def train_epoch() -> float:
    global state, taken
    state = (*state[:-1], jnp.zeros(()))
    order = generator.permutation(len(images))
    steps = len(images) // asked.batch_size
    for number in range(steps):
        x = images[order[number * asked.batch_size : (number + 1) * asked.batch_size]]
        state = step(state, x, kl_weight(asked.network, taken))
        taken += 1
    return float(state[-1]) / steps


serve(train_epoch, {"JAX": jax.__version__}, weights=weights)
