"""The presets' networks on Keras' JAX backend, as functions of a list of their weights."""

from __future__ import annotations

import sys
from pathlib import Path

import jax.numpy as jnp
import keras

sys.path.insert(0, str(Path(__file__).parents[1] / "ladder_in_jax"))
sys.path.append(str(Path(__file__).parents[2]))

from colour_in_keras import colour_networks, loss_terms
from keras_weights import weights_by_name
from model import Ladder


class OfPreset:
    """Initial weights, a list in the order of `names`."""

    def __init__(self, encoder, decoder, posteriors=()) -> None:
        self.encoder, self.decoder = encoder, decoder
        named = weights_by_name(encoder, decoder, posteriors)
        self.names, self.variables = list(named), list(named.values())
        self.latent_dim = decoder.input_shape[-1]
        self.weights = [variable.value for variable in self.variables]


class ColourVAE(OfPreset):
    """Of image_conv."""

    def __init__(self, shape, seed) -> None:
        super().__init__(*colour_networks(shape, seed))

    def loss(self, weights, x, noise, kl_weight):
        with keras.StatelessScope(state_mapping=list(zip(self.variables, weights, strict=True))):
            reconstruction, kl = loss_terms(self.encoder, self.decoder, x, noise)
        return reconstruction + kl_weight * kl


class LadderVAE(OfPreset):
    """Of mnist_ladder."""

    def __init__(self) -> None:
        self.ladder = Ladder()
        super().__init__(self.ladder.encoder, self.ladder.decoder, self.ladder.posteriors)
        places = {id(variable): place for place, variable in enumerate(self.variables)}
        self.order = [places[id(variable)] for variable in self.ladder.variables]

    def loss(self, weights, x, noise, kl_weight):
        log_likelihood, kl, _ = self.ladder.terms([weights[place] for place in self.order], x, noise)
        return kl_weight * jnp.mean(jnp.sum(kl, axis=0)) - jnp.mean(log_likelihood)
