"""JAX: one jitted step with donated state, Adam written out."""

from __future__ import annotations

import functools
import os

from protocol import options, random_images, serve

asked = options()
os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={asked.threads}"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

images = random_images(asked.images, asked.seed).astype(np.float32) / 255
key = jax.random.key(asked.seed)
DENSE = {"encoder": [(784, 200), (200, 200), (200, 100)], "decoder": [(50, 200), (200, 200), (200, 784)]}
CONV = {
    "encoder": [(3, 3, 1, 32), (3, 3, 32, 64), (3136, 16), (16, 4)],
    "decoder": [(2, 3136), (3, 3, 64, 64), (3, 3, 64, 32), (3, 3, 32, 1)],
}
LAYOUT = ("NHWC", "HWIO", "NHWC")


def initial(key, shapes):
    layers = []
    for shape, one in zip(shapes, jax.random.split(key, len(shapes)), strict=True):
        kernel = jax.nn.initializers.glorot_uniform()(one, shape)
        layers.append((kernel, jnp.zeros(shape[-1])))
    return layers


def mlp(layers, x):
    for number, (kernel, bias) in enumerate(layers):
        x = x @ kernel + bias
        x = jnp.tanh(x) if number < len(layers) - 1 else x
    return x


def encode(layers, x):
    if asked.network == "dense":
        return mlp(layers, x.reshape(len(x), -1))
    for kernel, bias in layers[:2]:
        x = jax.nn.relu(jax.lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=LAYOUT) + bias)
    x = x.reshape(len(x), -1)
    (kernel, bias), (last, last_bias) = layers[2:]
    return jax.nn.relu(x @ kernel + bias) @ last + last_bias


def decode(layers, z):
    if asked.network == "dense":
        return mlp(layers, z).reshape(-1, 28, 28, 1)
    kernel, bias = layers[0]
    x = jax.nn.relu(z @ kernel + bias).reshape(-1, 7, 7, 64)
    for kernel, bias in layers[1:3]:
        x = jax.nn.relu(jax.lax.conv_transpose(x, kernel, (2, 2), "SAME", dimension_numbers=LAYOUT) + bias)
    kernel, bias = layers[3]
    return jax.lax.conv_transpose(x, kernel, (1, 1), "SAME", dimension_numbers=LAYOUT) + bias


def loss_of(weights, x, key):
    mean, log_variance = jnp.split(encode(weights["encoder"], x), 2, axis=1)
    z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
    logits = decode(weights["decoder"], z)
    reconstruction = jnp.sum(jax.nn.softplus(logits) - x * logits)
    kl = 0.5 * jnp.sum(mean**2 + jnp.exp(log_variance) - 1 - log_variance)
    return (reconstruction + kl) / len(x)


@functools.partial(jax.jit, donate_argnums=0)
def step(state, x):
    weights, first, second, count, key, total = state
    key, now = jax.random.split(key)
    loss, gradient = jax.value_and_grad(loss_of)(weights, x, now)
    count += 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second, gradient)
    rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, first, second)
    return weights, first, second, count, key, total + loss


weights = {
    role: initial(one, shapes)
    for (role, shapes), one in zip(
        (DENSE if asked.network == "dense" else CONV).items(), jax.random.split(key), strict=True
    )
}
zeros = functools.partial(jax.tree.map, jnp.zeros_like)
state = (weights, zeros(weights), zeros(weights), jnp.zeros(()), key, jnp.zeros(()))
generator = np.random.default_rng(asked.seed)


def train_epoch() -> float:
    global state
    state = (*state[:-1], jnp.zeros(()))
    order = generator.permutation(len(images))
    steps = len(images) // asked.batch_size
    for number in range(steps):
        x = images[order[number * asked.batch_size : (number + 1) * asked.batch_size]]
        state = step(state, x)
    return float(state[-1]) / steps


serve(train_epoch, {"JAX": jax.__version__})
