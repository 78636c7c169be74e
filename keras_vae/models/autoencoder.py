"""The autoencoder: the deterministic ancestor of the VAE."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.presets import arguments_of_preset
from keras_vae.models.vae import VAE
from keras_vae.objectives.reconstruction import Reconstruction
from keras_vae.posteriors.deterministic import Deterministic
from keras_vae.presets.shared import is_shared


@keras.saving.register_keras_serializable(package="keras_vae")
class Autoencoder(VAE):
    """A VAE whose posterior is a point, and whose loss is the reconstruction alone: no KL term.

    The encoder's first `latent_dim` outputs are the code; any further outputs (the log-variances of a VAE) are ignored.
    `fit` logs `loss`, the cross-entropy -log p(x|code) summed over pixels, in nats per image. The codes do not follow a
    prior: to generate images, call `fit_sampler` first.

    Args:
        encoder: a Keras model that maps images `[n, H, W, C]` to at least `latent_dim` numbers.
        decoder: a Keras model that maps latents `[n, latent_dim]` to the likelihood's parameters.
        likelihood: p(x|z), a name or object; "bernoulli" by default.
        image_shape: (height, width, channels); read from the encoder by default.
        latent_dim: number of dimensions of the code; read from the decoder by default.
        seed: kept for compatibility with `VAE`; an autoencoder uses no noise; 0 by default.
        kwargs: keyword arguments of `keras.Model`, such as `name`.

    Example:
        >>> import tensorflow as tf
        >>> from keras_vae import Autoencoder
        >>> Autoencoder.from_preset("digits_mlp").encode(tf.zeros([5, 8, 8, 1])).shape
        TensorShape([5, 8])
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: str | Likelihood = "bernoulli",
        image_shape: Sequence[int] | None = None,
        latent_dim: int | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            encoder,
            decoder,
            likelihood=likelihood,
            posterior=Deterministic(),
            objective=Reconstruction(),
            image_shape=image_shape,
            latent_dim=latent_dim,
            seed=seed,
            **kwargs,
        )

    @classmethod
    def from_preset(
        cls,
        preset: str | os.PathLike[str],
        load_weights: bool | None = None,
        *,
        safe_mode: bool = True,
        **changes: Any,
    ) -> Self:
        """Build an autoencoder: an untrained one with the networks of a named preset, or a shared one.

        Arguments and errors are those of `VAE.from_preset`; the trained weights of a named preset are a VAE's.
        """
        if is_shared(preset):
            return super().from_preset(preset, load_weights, safe_mode=safe_mode, **changes)
        if load_weights:
            raise ValueError(
                f"load_weights is True for an Autoencoder with preset {preset!r}, whose weights are a VAE's: expected "
                "False; train it, or use a VAE"
            )
        arguments = arguments_of_preset(preset, changes)
        if arguments["classes"] is not None:
            raise ValueError(f"classes is {arguments['classes']}: expected none for an autoencoder; use a VAE")
        return cls(**{name: value for name, value in arguments.items() if name not in _OF_THE_VAE})

    def encoder_outputs(self, x: tf.Tensor, label: None = None, training: bool = False) -> tf.Tensor:
        """Return the codes float32 `[n, latent_dim]`."""
        return super().encoder_outputs(x, label, training)[:, : self.latent_dim]

    def encode(self, x: tf.Tensor | np.ndarray, training: bool = False) -> tf.Tensor:
        """Return the codes float32 `[n, latent_dim]` of images float32 `[n, H, W, C]`."""
        return super().encode(x, training).loc

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this model again, its networks included."""
        return {name: value for name, value in super().get_config().items() if name not in _OF_THE_VAE[:-1]}


_OF_THE_VAE = ("prior", "posterior", "objective", "classes", "sampler")
