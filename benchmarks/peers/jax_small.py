"""The dense network, and the convolutional one of 28 x 28, in JAX alone."""

from __future__ import annotations

import jax
import jax.numpy as jnp

DENSE = {"encoder": [(784, 200), (200, 200), (200, 100)], "decoder": [(50, 200), (200, 200), (200, 784)]}
CONV = {
    "encoder": [(3, 3, 1, 32), (3, 3, 32, 64), (3136, 16), (16, 4)],
    "decoder": [(2, 3136), (3, 3, 64, 64), (3, 3, 64, 32), (3, 3, 32, 1)],
}
LAYOUT = ("NHWC", "HWIO", "NHWC")


class Small:
    """Initial weights and loss."""

    def __init__(self, network: str, seed: int) -> None:
        self.dense, shapes = network == "dense", DENSE if network == "dense" else CONV
        self.latent_dim = shapes["decoder"][0][0]
        keys = jax.random.split(jax.random.key(seed))
        self.weights = {role: initial(key, shapes[role]) for role, key in zip(shapes, keys, strict=True)}

    def loss(self, weights, x, noise, kl_weight):
        mean, log_variance = jnp.split(self.encode(weights["encoder"], x), 2, axis=1)
        logits = self.decode(weights["decoder"], mean + jnp.exp(0.5 * log_variance) * noise)
        reconstruction = jnp.sum(jax.nn.softplus(logits) - x * logits)
        kl = 0.5 * jnp.sum(mean**2 + jnp.exp(log_variance) - 1 - log_variance)
        return (reconstruction + kl_weight * kl) / len(x)

    def encode(self, layers, x):
        if self.dense:
            return mlp(layers, x.reshape(len(x), -1))
        for kernel, bias in layers[:2]:
            x = jax.nn.relu(jax.lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=LAYOUT) + bias)
        x = x.reshape(len(x), -1)
        (kernel, bias), (last, last_bias) = layers[2:]
        return jax.nn.relu(x @ kernel + bias) @ last + last_bias

    def decode(self, layers, z):
        if self.dense:
            return mlp(layers, z).reshape(-1, 28, 28, 1)
        kernel, bias = layers[0]
        x = jax.nn.relu(z @ kernel + bias).reshape(-1, 7, 7, 64)
        for kernel, bias in layers[1:3]:
            x = jax.nn.relu(jax.lax.conv_transpose(x, kernel, (2, 2), "SAME", dimension_numbers=LAYOUT) + bias)
        kernel, bias = layers[3]
        return jax.lax.conv_transpose(x, kernel, (1, 1), "SAME", dimension_numbers=LAYOUT) + bias


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
