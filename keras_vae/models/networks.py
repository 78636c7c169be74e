"""The two networks that a user hands over: read from a configuration, measured, and held against the other parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae import registry
from keras_vae.checks.image_shape import check_image_shape
from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown


def revive(network: keras.Model | Mapping[str, Any], role: str) -> keras.Model:
    """Return a network, read from the configuration that Keras' serialisation wrote if it is one.

    Raises:
        ValueError: anything else.
    """
    if isinstance(network, Mapping):
        network = registry.deserialize(role, network)
    if not isinstance(network, keras.layers.Layer):
        raise ValueError(f"{role} is {shown(network)}: expected a Keras model or layer; build one")
    return network


def input_shape(network: keras.Model, role: str, given: Sequence[int] | int | None, argument: str) -> tuple[Any, ...]:
    """Return the shape of one image or latent: as given, or as the network's own input shape says.

    Raises:
        ValueError: a network that does not say it.
    """
    if given is not None:
        return (whole_number(argument, given, 1),) if argument == "latent_dim" else check_image_shape(given)
    try:
        shape = network.input_shape
        shape = tuple((shape[0] if isinstance(shape, list) else shape)[1:])  # of two inputs the second is the label
    except (AttributeError, TypeError):
        shape = (None,)
    if None in shape:
        raise ValueError(
            f"{argument} is None, and the {role}'s input shape is not fixed: expected one of them; pass {argument}=..."
        )
    return shape


def check_sizes(image_shape: tuple[int, ...], latent_dim: int, classes: int | None) -> None:
    """Raise ValueError for a width of the latent, a shape of images or a number of classes that no model can have."""
    whole_number("latent_dim", latent_dim, 1)
    check_image_shape(image_shape)
    if classes is not None:
        whole_number("classes", classes, 1)


def check_encoder(model: Any) -> None:
    """Run the encoder once, which also builds it, and hold its outputs against the posterior's parameters.

    Raises:
        ValueError: an encoder that does not take such images, or returns something else.
    """
    outputs = _try(model, "encoder", model.encoder_outputs, model.image_shape, "image_shape")
    expected = model.posterior.parameters_shape
    if tuple(outputs.shape) != (1, *expected):
        raise ValueError(
            f"the encoder returns {tuple(outputs.shape[1:])} an image: expected {expected} for "
            f"latent_dim={model.latent_dim}; end it in Dense({expected[0]})"
        )


def check_decoder(model: Any) -> None:
    """Run the decoder once, which also builds it, and hold its outputs against the likelihood's parameters.

    Raises:
        ValueError: a decoder that does not take such latents, or returns something else.
    """
    outputs = _try(model, "decoder", model.decode_flat, (model.latent_dim,), "latent_dim")
    expected = model.likelihood.parameters_shape
    if tuple(outputs.shape[1:]) != expected:
        raise ValueError(
            f"the decoder returns {tuple(outputs.shape[1:])} an image: expected {expected} for images of "
            f"{model.image_shape} under {type(model.likelihood).__name__}; change its last layer"
        )


def _try(model: Any, role: str, run: Callable[..., tf.Tensor], shape: tuple[int, ...], argument: str) -> tf.Tensor:
    try:
        return run(tf.zeros([1, *shape]), None if model.classes is None else tf.zeros([1], tf.int32))
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        takes = getattr(getattr(model, role), "input_shape", "another shape")
        inputs = f"[n, {str(shape).strip('(,)')}]" + (f" and [n, {model.classes}]" if model.classes else "")
        raise ValueError(
            f"the {role} does not take inputs of shape {inputs}: expected what it takes, {takes}; change {argument} or "
            f"the {role}"
        ) from error


def encoder_outputs(self: Any, x: tf.Tensor, label: tf.Tensor | None = None, training: bool = False) -> tf.Tensor:
    """Return the posterior's parameters float32 `[n, *parameters_shape]` for images and labels int `[n]`, if any."""
    outputs = self.encoder(_given(self, x, label, training), training=training)
    if isinstance(outputs, (list, tuple)):
        outputs = tf.concat(outputs, axis=-1)
    return tf.cast(outputs, tf.float32)


def decoder_outputs(self: Any, z: tf.Tensor, label: tf.Tensor | None = None, training: bool = False) -> tf.Tensor:
    """Return the likelihood's parameters float32 for latents `[..., latent_dim]` and labels int, if any.

    The labels are of the last axis but one of `z`, or broadcast to all axes but the last.
    """
    leading = tf.shape(z)[:-1]
    if label is not None:
        label = tf.reshape(tf.broadcast_to(tf.cast(label, tf.int32), leading), [-1])
    outputs = self.decode_flat(tf.reshape(z, [-1, self.latent_dim]), label, training)
    outputs = tf.reshape(outputs, tf.concat([leading, outputs.shape[1:]], axis=0))
    outputs.set_shape([*z.shape[:-1], *self.likelihood.parameters_shape])
    return outputs


def decode_flat(self: Any, z: tf.Tensor, label: tf.Tensor | None = None, training: bool = False) -> tf.Tensor:
    """Return `decoder_outputs` of latents `[n, latent_dim]` alone: without the operators that other axes take."""
    return tf.cast(self.decoder(_given(self, z, label, training), training=training), tf.float32)


def encode_pseudo_inputs(model: Any, x: tf.Tensor) -> tfp.distributions.Distribution:
    """Return q(z|x) of a prior's pseudo-inputs; in a conditional model they take the classes in turn."""
    label = None if model.classes is None else tf.range(tf.shape(x)[0]) % model.classes
    return model.posterior(model.encoder_outputs(x, label))


def _given(model: Any, values: tf.Tensor, label: tf.Tensor | None, training: bool) -> tf.Tensor | list[tf.Tensor]:
    """What a network is called with: `values`, and in a conditional model the one-hot label."""
    if (label is None) != (model.classes is None):
        expected = "none, since the model has no classes" if model.classes is None else f"int [n] below {model.classes}"
        raise ValueError(f"label is {shown(label)}: expected {expected}")
    return values if label is None else [values, one_hot(label, model.classes, training)]


def one_hot(label: tf.Tensor, classes: int, training: bool = False) -> tf.Tensor:
    """Return float32 `[..., classes]` of labels int `[...]`: 1 at the label, 0 elsewhere.

    In training a label out of range, which a compiled graph cannot refuse, gives NaN, so that it does not go unnoticed.
    Otherwise the rows of a table are taken: TFLite's own one-hot is wrong once it is quantised to int8.

    Example:
        >>> one_hot(tf.constant([2, 3]), 3, training=True).numpy()
        array([[ 0.,  0.,  1.],
               [nan, nan, nan]], dtype=float32)
    """
    if not training:
        return tf.gather(tf.eye(classes), tf.cast(label, tf.int32))
    hot = tf.cast(tf.equal(tf.expand_dims(tf.cast(label, tf.int32), -1), tf.range(classes)), tf.float32)
    return hot / tf.reduce_sum(hot, axis=-1, keepdims=True)
