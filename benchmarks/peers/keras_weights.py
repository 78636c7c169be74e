"""The weights of Keras networks by name, "network/layer/kernel", as the check of all programs passes them on."""

from __future__ import annotations

from collections.abc import Iterable

import keras


def weights_by_name(
    encoder: keras.Model, decoder: keras.Model, posteriors: Iterable[keras.Model] = ()
) -> dict[str, keras.Variable]:
    """Of a pair of networks, or of a ladder's."""
    networks = {"encoder": encoder}
    if hasattr(decoder, "stages"):
        networks |= {f"stage_{number}": stage for number, stage in enumerate(decoder.stages)}
        networks["pixels"] = decoder.pixels
    else:
        networks["decoder"] = decoder
    networks |= {f"posterior_{number}": posterior for number, posterior in enumerate(posteriors)}
    return {
        f"{name}/{layer.name}/{weight.name}": weight
        for name, network in networks.items()
        for layer in network.layers
        for weight in layer.weights
    }
