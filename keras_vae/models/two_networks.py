"""What every model here has: an encoder, a decoder and a likelihood around a latent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.data.labels import check_labels
from keras_vae.data.pixels import check_pixels
from keras_vae.identifiers import resolve
from keras_vae.likelihoods.choices import LIKELIHOODS
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.one_hot import one_hot
from keras_vae.models.trainer import Trainer
from keras_vae.random.portable import check_seed

tfd = tfp.distributions


def _revive(network: keras.Model | Mapping, role: str) -> keras.Model:
    if isinstance(network, Mapping):
        network = keras.saving.deserialize_keras_object(dict(network))
    if not isinstance(network, keras.layers.Layer):
        raise ValueError(f"{role} is {network!r}: expected a Keras model or layer")
    return network


def _shape(network: keras.Model, side: str, given: Sequence[int] | int | None, argument: str) -> tuple[int, ...]:
    """The shape of one image or latent: as given, or as the network's own input shape says."""
    if given is not None:
        return tuple(given) if isinstance(given, Sequence) else (given,)
    try:
        shape = network.input_shape
        shape = tuple((shape[0] if isinstance(shape, list) else shape)[1:])  # of two inputs the second is the label
    except (AttributeError, TypeError):
        shape = (None,)
    if None in shape:
        raise ValueError(
            f"{side}'s input shape is not fixed, so the model cannot know its {argument}: pass {argument}=..."
        )
    return shape


class TwoNetworks(Trainer):
    """An encoder and a decoder around a latent; the base of `VAE` and `Autoencoder`.

    Subclasses define `terms(x, stream, step)` (what training minimises, per image) and `call`.
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: str | Likelihood = "bernoulli",
        image_shape: Sequence[int] | None = None,
        latent_dim: int | None = None,
        classes: int | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.classes = classes
        self.encoder = _revive(encoder, "encoder")
        self.decoder = _revive(decoder, "decoder")
        self.likelihood = resolve(likelihood, Likelihood, LIKELIHOODS)
        self.image_shape = _shape(self.encoder, "encoder", image_shape, "image_shape")
        self.latent_dim = _shape(self.decoder, "decoder", latent_dim, "latent_dim")[0]
        self.seed = check_seed(seed)
        if isinstance(self.latent_dim, bool) or self.latent_dim != int(self.latent_dim) or self.latent_dim < 1:
            raise ValueError(f"latent_dim is {self.latent_dim}: expected a whole number of at least 1")
        if len(self.image_shape) != 3 or self.image_shape[-1] not in (1, 3):
            raise ValueError(
                f"image_shape is {self.image_shape}: expected (height, width, channels) with 1 or 3 channels"
            )
        if classes is not None and (isinstance(classes, bool) or classes != int(classes) or classes < 1):
            raise ValueError(f"classes is {classes!r}: expected a whole number of at least 1, or None for no labels")

        self._check_networks()
        self.built = True

    def encoder_outputs(self) -> int:
        """Return how many numbers the encoder must return for an image."""
        raise NotImplementedError

    def _check_networks(self) -> None:
        """Run both networks once on zeros, which also builds them, and hold their outputs against what is needed."""
        parameters = self._probe(self._run_encoder, self.image_shape, "encoder", "image_shape")
        if tuple(parameters.shape) != (1, self.encoder_outputs()):
            raise ValueError(
                f"the encoder returns {tuple(parameters.shape[1:])} an image: expected ({self.encoder_outputs()},) for "
                f"latent_dim={self.latent_dim}; end it in Dense({self.encoder_outputs()})"
            )
        pixels = self._probe(self.decoder_outputs, (self.latent_dim,), "decoder", "latent_dim")
        height, width, channels = self.image_shape
        expected = (height, width, channels * self.likelihood.parameters_per_value)
        if tuple(pixels.shape[1:]) != expected:
            raise ValueError(
                f"the decoder returns {tuple(pixels.shape[1:])} an image: expected {expected} for images of "
                f"{self.image_shape} under {type(self.likelihood).__name__}; change its last layer"
            )

    def _probe(self, run: Any, shape: tuple[int, ...], role: str, argument: str) -> tf.Tensor:
        try:
            return run(tf.zeros([1, *shape]), False, None if self.classes is None else tf.zeros([1], tf.int32))
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            takes = getattr(getattr(self, role), "input_shape", "another shape")
            inputs = f"[n, {str(shape).strip('(,)')}]" + (f" and [n, {self.classes}]" if self.classes else "")
            raise ValueError(
                f"the {role} does not take inputs of shape {inputs}: it takes {takes}; change {argument} or the {role}"
            ) from error

    def _run_encoder(self, x: tf.Tensor, training: bool = False, label: tf.Tensor | None = None) -> tf.Tensor:
        outputs = self.encoder(self._with_label(x, label, training), training=training)
        if isinstance(outputs, (list, tuple)):
            outputs = tf.concat(outputs, axis=-1)
        return tf.cast(outputs, tf.float32)

    def decoder_outputs(self, z: tf.Tensor, training: bool = False, label: tf.Tensor | None = None) -> tf.Tensor:
        """Return the likelihood's parameters float32 for latents `[n, latent_dim]` and labels int `[n]`, if any."""
        return tf.cast(self.decoder(self._with_label(z, label, training), training=training), tf.float32)

    def _with_label(self, values: tf.Tensor, label: tf.Tensor | None, training: bool) -> tf.Tensor | list[tf.Tensor]:
        """What a network is called with: `values`, and in a conditional model the one-hot label."""
        if (label is None) != (self.classes is None):
            expected = (
                "none, since the model has no classes" if self.classes is None else f"int [n] below {self.classes}"
            )
            raise ValueError(f"label is {label}: expected {expected}")
        return values if label is None else [values, one_hot(label, self.classes, training)]

    def _condition(self, data: Any) -> dict[str, tf.Tensor]:
        """What the terms of a batch depend on beside its images: `label` in a conditional model."""
        if self.classes is None:
            return {}
        _, label, _ = keras.utils.unpack_x_y_sample_weight(data)
        label = None if label is None else tf.convert_to_tensor(label)
        if label is None or not label.dtype.is_integer or label.shape.rank != 1:
            found = "none" if label is None else f"{label.dtype.name} of shape {tuple(label.shape)}"
            raise ValueError(
                f"the labels are {found}: expected int [n] below {self.classes}, beside the images; "
                "such as load_dataset(..., labels=True) gives"
            )
        return {"label": label}

    def _images(self, data: Any) -> tf.Tensor:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        x = tf.convert_to_tensor(x)  # an array is what train_on_batch hands on where it runs eagerly
        if not x.dtype.is_floating:
            raise ValueError(
                f"the images are {x.dtype.name}: expected float32 in [0, 1]; divide 0 to 255 pixels by 255"
            )
        if x.shape.rank != 4 or tuple(x.shape[1:]) != self.image_shape:
            raise ValueError(f"the images have shape {tuple(x.shape)}: expected [n, {str(self.image_shape)[1:-1]}]")
        return tf.cast(x, tf.float32)

    def decode(self, z: tf.Tensor, training: bool = False, *, label: Any = None) -> tfd.Distribution:
        """Return p(x|z), the distribution over images.

        Args:
            z: latents float32 `[..., latent_dim]`.
            training: whether the decoder runs as in training (Dropout and the like); False by default.
            label: classes int `[n]`, of the last axis but one of `z`, or any shape that broadcasts to the axes but the
                last; for a conditional model only.

        Returns:
            A TFP distribution of event shape `image_shape`; `mean()` is an image in [0, 1], `log_prob(x)` is in
            nats an image.

        Raises:
            ValueError: latents of another width.
        """
        z = tf.convert_to_tensor(z, tf.float32)
        if z.shape.rank is None or z.shape.rank < 1 or z.shape[-1] != self.latent_dim:
            raise ValueError(f"z has shape {tuple(z.shape)}: expected [..., {self.latent_dim}], latent_dim last")
        if label is not None:
            label = tf.reshape(tf.broadcast_to(tf.cast(label, tf.int32), tf.shape(z)[:-1]), [-1])
        parameters = self.decoder_outputs(tf.reshape(z, [-1, self.latent_dim]), training, label)
        parameters = tf.reshape(parameters, tf.concat([tf.shape(z)[:-1], parameters.shape[1:]], axis=0))
        parameters.set_shape([*z.shape[:-1], *self.decoder_shape])
        return self.likelihood.distribution(parameters)

    @property
    def decoder_shape(self) -> tuple[int, int, int]:
        """What the decoder returns for one latent: (height, width, channels * parameters_per_value)."""
        height, width, channels = self.image_shape
        return (height, width, channels * self.likelihood.parameters_per_value)

    def reconstruct(self, x: Any, batch_size: int = 256, *, label: Any = None) -> np.ndarray:
        """Return the reconstructions of images: the mean of p(x|z) at the mean of what the encoder returns.

        Args:
            x: images float `[n, H, W, C]` in [0, 1].
            batch_size: how many go through the networks at once; 256 by default.
            label: classes of the images, one or int `[n]`; for a conditional model only.

        Returns:
            NumPy float32 `[n, H, W, C]` in [0, 1].

        Raises:
            ValueError: images of another shape, outside [0, 1] or NaN; labels out of range.
        """
        x = np.asarray(x)
        check_pixels(x, "x", self.image_shape)
        if self.classes is None:
            inputs = (x,) if label is None else (x, label)
        else:
            inputs = (x, check_labels(self._needed(label), len(x), self.classes))
        batches = (tuple(part[i : i + batch_size] for part in inputs) for i in range(0, len(x), batch_size))
        return np.concatenate([self._reconstructed(*batch).numpy() for batch in batches])

    def _reconstructed(self, x: Any, label: Any = None) -> tf.Tensor:
        x = tf.constant(x, tf.float32)
        return self(x if label is None else (x, tf.constant(label)))

    def _needed(self, label: Any) -> Any:
        if label is None:
            raise ValueError(f"label is None: expected one from 0 to {self.classes - 1}, or one for each image")
        return label

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Train, as `Trainer.fit` says; a conditional model takes labels as `y`, int `[n]`, or in its dataset."""
        if self.classes is not None and isinstance(y, np.ndarray):
            check_labels(y, len(y), self.classes, "y")
        return super().fit(x, y, *args, **kwargs)

    def predict_step(self, data: Any) -> tf.Tensor:
        """Return the reconstructions of a batch; a conditional model's batches have labels beside the images."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self((x, *self._condition(data).values()) if self.classes else x)

    def get_config(self) -> dict:
        """Return the arguments that build this model again, its networks included."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "likelihood": serialize(self.likelihood),
            "image_shape": list(self.image_shape),
            "latent_dim": self.latent_dim,
            "classes": self.classes,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Self:
        """Build a model from `get_config()`."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cls(**config)
