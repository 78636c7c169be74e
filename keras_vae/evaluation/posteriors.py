"""The posteriors of all images of a set, as one distribution, and the check that they are a VAE's."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.data.batches import image_batches
from keras_vae.models.finite_weights import unusable_weights
from keras_vae.models.vae import VAE

tfd = tfp.distributions
ROWS = 500  # posteriors whose moments are taken at a time: a flow's are those of many points each


def check_model(model: Any) -> None:
    """Raise ValueError for anything but a `VAE` with finite weights: an `Autoencoder` has no likelihood of images.

    Example:
        >>> check_model("runs/digits")
        Traceback (most recent call last):
        ValueError: model is a str: expected a keras_vae.VAE; build one around your networks, or load a saved one
    """
    if not isinstance(model, VAE) or not model.posterior.has_density:
        raise ValueError(
            f"model is a {type(model).__name__}: expected a keras_vae.VAE; build one around your networks, or load a "
            "saved one"
        )
    unusable = unusable_weights(model)
    if unusable:
        raise ValueError(unusable)


def posteriors_of(model: VAE, data: Any, batch_size: int = 100) -> tfd.Distribution:
    """Return q(z|x) for every image, batch shape `[n]`: the parameters of all, which take little memory.

    Args:
        model: a `VAE`.
        data: batches of images or of (images, labels), or one array of images float32 `[n, H, W, C]` in [0, 1], or the
            pair of it and int labels `[n]`; a conditional model needs the labels.
        batch_size: into which an array is cut; 100 by default.

    Raises:
        ValueError: no images, images of another shape, outside [0, 1] or NaN; labels missing or out of range.
    """
    batches = image_batches(data, "data", model.image_shape, batch_size, model.classes)
    parts = [model.encode(x, label=label) for x, label in batches]
    # TFP's distributions are nests of the tensors that they are made of
    return tf.nest.map_structure(lambda *tensors: tf.concat(tensors, axis=0), *parts, expand_composites=True)


def moments_of(model: VAE, posteriors: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
    """Return mean and standard deviation of each of a model's posteriors, float32 `[n, latent_dim]` each."""
    starts = range(0, int(posteriors.batch_shape[0]), ROWS)
    parts = [model.posterior.moments(some(posteriors, start, start + ROWS)) for start in starts]
    mean, stddev = (tf.concat(each, axis=0) for each in zip(*parts, strict=True))
    return mean, stddev


def some(posteriors: tfd.Distribution, start: int, stop: int) -> tfd.Distribution:
    """Return those of the images from `start` up to `stop`."""
    return tf.nest.map_structure(lambda tensor: tensor[start:stop], posteriors, expand_composites=True)
