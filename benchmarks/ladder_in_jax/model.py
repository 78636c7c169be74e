"""The preset mnist_ladder, as functions of a list of its weights."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np

from keras_vae.networks.bottleneck import smallest_map
from keras_vae.networks.build import build_networks, initialise
from keras_vae.networks.ladder import posterior_of_group
from keras_vae.presets.read import read_preset

PRESET = "mnist_ladder"


class Ladder:
    """Encoder, decoder and the posteriors of its groups."""

    def __init__(self) -> None:
        preset = read_preset(PRESET)
        shape, network = tuple(preset["image_shape"]), preset["network"]
        self.encoder, self.decoder = build_networks(
            image_shape=shape, latent_dim=None, encoder_outputs=None, decoder_channels=1, **network
        )
        sizes = [smallest_map(shape, halvings) for halvings, _ in network["groups"]]
        self.sizes = sorted(set(sizes))
        self.size_of = [self.sizes.index(size) for size in sizes]
        self.features = network["features"]
        self.posteriors = [
            posterior_of_group(
                state, (*size, self.features), channels, preset["posterior"]["config"]["hidden"], network["activation"]
            )
            for state, size, (_, channels) in zip(self.decoder.state_shapes, sizes, network["groups"], strict=True)
        ]
        initialise(*self.posteriors, seed=1)
        self.latent_dim = sum(self.decoder.widths)
        self.variables = [weight for each in (self.encoder, self.decoder, *self.posteriors) for weight in each.weights]

    def terms(self, weights, x, noise):
        """log p(x|e) `[n]`, each group's KL `[groups, n]`, and log p(e) - log q(e|x) `[n]`, of one sample an image."""
        with self._of(weights):
            return self._walk(self.encoder(x), x, noise)

    def of_samples(self, weights, x, noise):
        """log p(x|e) and log p(e) - log q(e|x), `[samples, n]` each, for noise `[samples, n, latent_dim]`."""
        samples = len(noise)
        with self._of(weights):
            encoded = jnp.tile(self.encoder(x), (samples, 1))
            found = self._walk(encoded, jnp.tile(x, (samples, 1, 1, 1)), noise.reshape(-1, self.latent_dim))
        return found[0].reshape(samples, -1), found[2].reshape(samples, -1)

    def _of(self, weights):
        return keras.StatelessScope(state_mapping=list(zip(self.variables, weights, strict=True)))

    def _walk(self, encoded, x, noise):
        maps, start = [], 0
        for height, width in self.sizes:
            end = start + height * width * self.features
            maps.append(encoded[:, start:end].reshape(-1, height, width, self.features))
            start = end
        kls, ratios, places = [], [], np.cumsum([0, *self.decoder.widths])

        def latents(group, state):
            given = maps[self.size_of[group]]
            mean, log_stddev = self.posteriors[group](given if state is None else [state, given])
            mean, log_stddev = mean.astype(jnp.float32), log_stddev.astype(jnp.float32)
            eps = noise[:, places[group] : places[group + 1]]
            e = mean + jnp.exp(log_stddev) * eps
            kls.append(jnp.sum(0.5 * (mean**2 + jnp.exp(2 * log_stddev) - 1) - log_stddev, axis=-1))
            ratios.append(jnp.sum(0.5 * (eps**2 - e**2) + log_stddev, axis=-1))
            return e

        logits = self.decoder.walk(latents).astype(jnp.float32)
        log_likelihood = jnp.sum(x * logits - jax.nn.softplus(logits), axis=(1, 2, 3))
        return log_likelihood, jnp.stack(kls), sum(ratios)


def in_float16(weights):
    """Weights rounded as a preset ships them."""
    return [jnp.asarray(weight).astype(jnp.float16).astype(jnp.float32) for weight in weights]
