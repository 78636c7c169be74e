"""The autoencoder: the deterministic ancestor of the VAE."""

from __future__ import annotations

from typing import Any, Self

import keras
import tensorflow as tf

from keras_vae.models.from_preset import arguments_of_preset
from keras_vae.models.two_networks import TwoNetworks


@keras.saving.register_keras_serializable(package="keras_vae")
class Autoencoder(TwoNetworks):
    """An autoencoder with a VAE's two networks: no distribution over latents, no KL term, no prior.

    The encoder's first `latent_dim` outputs are the code; any further ones (the VAE's log-variances) are not used.
    `fit` logs `loss`, the cross-entropy -log p(x|code) summed over pixels, in nats an image.

    Args:
        encoder: a Keras model, images `[n, H, W, C]` to at least `latent_dim` numbers.
        decoder: a Keras model, latents `[n, latent_dim]` to the likelihood's parameters.
        likelihood: p(x|z), a name or object; "bernoulli" by default.
        image_shape: (height, width, channels); read from the encoder by default.
        latent_dim: width of the code; read from the decoder by default.
        seed: kept for the networks' sake; 0 by default.
        kwargs: Keras' own, such as `name`.

    Example:
        >>> import tensorflow as tf
        >>> from keras_vae.models.autoencoder import Autoencoder
        >>> Autoencoder.from_preset("digits_mlp").encode(tf.zeros([5, 8, 8, 1])).shape
        TensorShape([5, 8])
    """

    @classmethod
    def from_preset(cls, preset: str, **changes: Any) -> Self:
        """Build an untrained autoencoder with the networks of a preset; see `VAE.from_preset`."""
        arguments = arguments_of_preset(preset, changes)
        if arguments["classes"] is not None:
            raise ValueError(f"classes is {arguments['classes']}: expected none for an autoencoder; take a VAE")
        for of_the_vae in ("prior", "posterior", "objective"):
            del arguments[of_the_vae]
        return cls(**arguments)

    def _check_networks(self) -> None:
        self._outputs = int(self._run_encoder(tf.zeros([1, *self.image_shape])).shape[-1])
        super()._check_networks()

    def encoder_outputs(self) -> int:
        """Return how many numbers the encoder returns: any number from `latent_dim` on will do."""
        return max(self._outputs, self.latent_dim)

    def encode(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the codes float32 `[n, latent_dim]` of images float32 `[n, H, W, C]`."""
        return self._run_encoder(self._images(tf.convert_to_tensor(x)), training)[:, : self.latent_dim]

    def terms(
        self,
        x: tf.Tensor,
        stream: int,
        step: tf.Tensor,
        training: bool = False,
        rows: tuple[tf.Tensor, tf.Tensor] | None = None,
    ) -> tuple[tf.Tensor]:
        """Return the cross-entropy of each image, float32 `[n]`, in nats."""
        return (-self.decode(self.encode(x, training), training).log_prob(x),)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the reconstruction: float32 `[n, H, W, C]`."""
        return self.decode(self.encode(inputs, training), training).mean()
