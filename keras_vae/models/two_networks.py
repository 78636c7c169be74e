"""What every model here shares: an encoder, a decoder, a likelihood, and how they are compiled, fitted and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.data.pixels import check_pixels
from keras_vae.identifiers import resolve
from keras_vae.likelihoods.choices import LIKELIHOODS
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.execution import STEPS_PER_EXECUTION, compiles_well
from keras_vae.models.guard import Guard
from keras_vae.random.noise import TRAINING, VALIDATION

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
        return tuple(given) if isinstance(given, Sequence) else (int(given),)
    try:
        shape = tuple(network.input_shape[1:])
    except (AttributeError, TypeError):
        shape = (None,)
    if None in shape:
        raise ValueError(
            f"{side}'s input shape is not fixed, so the model cannot know its {argument}: pass {argument}=..."
        )
    return shape


class TwoNetworks(keras.Model):
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
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.encoder = _revive(encoder, "encoder")
        self.decoder = _revive(decoder, "decoder")
        self.likelihood = resolve(likelihood, Likelihood, LIKELIHOODS)
        self.image_shape = _shape(self.encoder, "encoder", image_shape, "image_shape")
        self.latent_dim = int(_shape(self.decoder, "decoder", latent_dim, "latent_dim")[0])
        self.seed = int(seed)
        if self.latent_dim < 1:
            raise ValueError(f"latent_dim is {self.latent_dim}: expected at least 1")
        if len(self.image_shape) != 3 or self.image_shape[-1] not in (1, 3):
            raise ValueError(
                f"image_shape is {self.image_shape}: expected (height, width, channels) with 1 or 3 channels"
            )

        # Part of the saved state: together with the seed it decides the noise of the next step.
        self.step = self._counter("step", 0)
        self.validation_step = self._counter("validation_step", 0)
        self.diverged_step = self._counter("diverged_step", -1)
        self.bad_pixels_step = self._counter("bad_pixels_step", -1)
        self._trackers = [keras.metrics.Mean(name=name) for name in self.term_names]
        self._check_networks()
        self.built = True

    #: The names under which `terms` is logged, the loss first.
    term_names: tuple[str, ...] = ("loss",)

    def _counter(self, name: str, start: int) -> Any:
        return self.add_weight(
            shape=(),
            dtype="int32",
            initializer=keras.initializers.Constant(start),
            trainable=False,
            name=name,
        )

    def encoder_outputs(self) -> int:
        """Return how many numbers the encoder must return for an image."""
        raise NotImplementedError

    def _check_networks(self) -> None:
        """Run both networks once on zeros, which also builds them, and hold their outputs against what is needed."""
        parameters = self._encode_parameters(tf.zeros([1, *self.image_shape]))
        if tuple(parameters.shape) != (1, self.encoder_outputs()):
            raise ValueError(
                f"the encoder returns {tuple(parameters.shape[1:])} an image: expected ({self.encoder_outputs()},) for "
                f"latent_dim={self.latent_dim}; end it in Dense({self.encoder_outputs()})"
            )
        pixels = self.decoder(tf.zeros([1, self.latent_dim]))
        height, width, channels = self.image_shape
        expected = (height, width, channels * self.likelihood.parameters_per_value)
        if tuple(pixels.shape[1:]) != expected:
            raise ValueError(
                f"the decoder returns {tuple(pixels.shape[1:])} an image: expected {expected} for images of "
                f"{self.image_shape} under {type(self.likelihood).__name__}; change its last layer"
            )

    def _encode_parameters(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        outputs = self.encoder(x, training=training)
        if isinstance(outputs, (list, tuple)):
            outputs = tf.concat(outputs, axis=-1)
        return tf.cast(outputs, tf.float32)

    def decode(self, z: tf.Tensor, training: bool = False) -> tfd.Distribution:
        """Return p(x|z), the distribution over images.

        Args:
            z: latents float32 `[..., latent_dim]`.
            training: whether the decoder runs as in training (Dropout and the like); False by default.

        Returns:
            A TFP distribution of event shape `image_shape`; `mean()` is an image in [0, 1], `log_prob(x)` is in
            nats an image.

        Raises:
            ValueError: latents of another width.
        """
        z = tf.convert_to_tensor(z, tf.float32)
        if z.shape.rank is None or z.shape.rank < 1 or z.shape[-1] != self.latent_dim:
            raise ValueError(f"z has shape {tuple(z.shape)}: expected [..., {self.latent_dim}], latent_dim last")
        parameters = tf.cast(self.decoder(tf.reshape(z, [-1, self.latent_dim]), training=training), tf.float32)
        parameters = tf.reshape(parameters, tf.concat([tf.shape(z)[:-1], parameters.shape[1:]], axis=0))
        parameters.set_shape([*z.shape[:-1], *self.decoder_shape])
        return self.likelihood.distribution(parameters)

    @property
    def decoder_shape(self) -> tuple[int, int, int]:
        """What the decoder returns for one latent: (height, width, channels * parameters_per_value)."""
        height, width, channels = self.image_shape
        return (height, width, channels * self.likelihood.parameters_per_value)

    def reconstruct(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Return the reconstructions of images: the mean of p(x|z) at the mean of what the encoder returns.

        Args:
            x: images float `[n, H, W, C]` in [0, 1].
            batch_size: how many go through the networks at once; 256 by default.

        Returns:
            NumPy float32 `[n, H, W, C]` in [0, 1].

        Raises:
            ValueError: images of another shape, outside [0, 1] or NaN.
        """
        x = np.asarray(x)
        check_pixels(x, "x", self.image_shape)
        batches = [self(tf.constant(x[i : i + batch_size], tf.float32)) for i in range(0, len(x), batch_size)]
        return np.concatenate([batch.numpy() for batch in batches])

    # What Keras trains with

    def compile(
        self,
        optimizer: Any = "adam",
        *,
        jit_compile: bool | str = "auto",
        steps_per_execution: int | str = "auto",
        **kwargs: Any,
    ) -> None:
        """Configure training, as in Keras; the loss is the model's own.

        Args:
            optimizer: a Keras optimizer or its name; "adam" by default.
            jit_compile: whether XLA compiles a step; "auto", the default, takes what measured fastest for these
                networks on this device.
            steps_per_execution: training steps in one call; "auto", the default, is 32. Callbacks run once a
                call.
            kwargs: Keras' other arguments, such as `run_eagerly`.

        Raises:
            ValueError: a `loss` or `metrics`, which these models do not take.
        """
        for name in ("loss", "metrics", "weighted_metrics", "loss_weights"):
            if kwargs.get(name) is not None:
                raise ValueError(f"{name} is {kwargs[name]!r}: expected none; the loss is the model's objective")
        eager = bool(kwargs.get("run_eagerly"))
        if jit_compile == "auto":
            jit_compile = not eager and compiles_well(self.encoder, self.decoder)
        if steps_per_execution == "auto":
            steps_per_execution = 1 if eager else STEPS_PER_EXECUTION
        super().compile(optimizer=optimizer, jit_compile=jit_compile, steps_per_execution=steps_per_execution, **kwargs)

    def fit(self, x: Any = None, *args: Any, callbacks: Any = None, **kwargs: Any) -> keras.callbacks.History:
        """Train, as in Keras; stops with `TrainingDiverged` if the loss is not finite or pixels are out of [0, 1].

        Args:
            x: a `tf.data.Dataset` of images or of (images, labels), or images float32 `[n, H, W, C]` in [0, 1].
            args: as in `keras.Model.fit`.
            callbacks: as in `keras.Model.fit`.
            kwargs: as in `keras.Model.fit`.

        Returns:
            Keras' History: `loss` and the terms it is made of, in nats an image.
        """
        if isinstance(x, np.ndarray):
            check_pixels(x, "x", self.image_shape)
        if isinstance(x, tf.data.Dataset):
            # A dataset orders itself; Keras warns where it is told to shuffle one, which is its default.
            kwargs.setdefault("shuffle", False)
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks = [] if callbacks is None else list(keras.tree.flatten(callbacks))
            if not any(isinstance(callback, Guard) for callback in callbacks):
                callbacks = [*callbacks, Guard()]
        return super().fit(x, *args, callbacks=callbacks, **kwargs)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means of the terms over images."""
        return self._trackers

    def reset_metrics(self) -> None:
        """Start a new epoch of means; validation starts its noise again, so that epochs can be compared."""
        super().reset_metrics()
        self.validation_step.assign(0)

    def _images(self, data: Any) -> tf.Tensor:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if not x.dtype.is_floating:
            raise ValueError(
                f"the images are {x.dtype.name}: expected float32 in [0, 1]; divide 0 to 255 pixels by 255"
            )
        if x.shape.rank != 4 or tuple(x.shape[1:]) != self.image_shape:
            raise ValueError(f"the images have shape {tuple(x.shape)}: expected [n, {str(self.image_shape)[1:-1]}]")
        return tf.cast(x, tf.float32)

    def terms(self, x: tf.Tensor, stream: int, step: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, ...]:
        """Return what `term_names` names, each float32 `[n]` in nats, the loss first."""
        raise NotImplementedError

    def train_step(self, data: Any) -> dict:
        """Take one step down the gradient of the mean loss of a batch."""
        x = self._images(data)
        with tf.GradientTape() as tape:
            terms = self.terms(x, TRAINING, self.step.value, training=True)
            loss = tf.reduce_mean(terms[0])
            scaled_loss = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))

        in_range = tf.reduce_all((x >= 0) & (x <= 1))
        self._note_first(self.bad_pixels_step, ~in_range)
        self._note_first(self.diverged_step, ~tf.math.is_finite(loss))
        self.step.assign_add(1)
        return self._log(terms)

    def test_step(self, data: Any) -> dict:
        """Judge one batch; its noise depends on the seed and on which batch of the pass it is."""
        terms = self.terms(self._images(data), VALIDATION, self.validation_step.value)
        self.validation_step.assign_add(1)
        return self._log(terms)

    def _note_first(self, noted: Any, happened: tf.Tensor) -> None:
        noted.assign(tf.where((noted.value < 0) & happened, self.step.value, noted.value))

    def _log(self, terms: tuple[tf.Tensor, ...]) -> dict:
        for tracker, term in zip(self._trackers, terms, strict=True):
            tracker.update_state(term)
        return {tracker.name: tracker.result() for tracker in self._trackers}

    # What is saved

    def get_compile_config(self) -> dict:
        """Return how the model was compiled, the optimizer's settings included."""
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
            "run_eagerly": self.run_eagerly,
        }

    def compile_from_config(self, config: dict) -> None:
        """Compile as `get_compile_config()` says, and make room for the optimizer's saved state."""
        self.compile(**{**config, "optimizer": keras.saving.deserialize_keras_object(config["optimizer"])})
        self.optimizer.build(self.trainable_variables)

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
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Self:
        """Build a model from `get_config()`."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cls(**config)
