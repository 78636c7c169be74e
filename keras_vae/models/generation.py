"""Images from a trained model: drawn from its prior, or reconstructed. `VAE` has these functions as its methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from keras_vae.checks.kind import check_kind
from keras_vae.checks.memory import check_fits_memory
from keras_vae.checks.number import whole_number
from keras_vae.data.as_array import as_array
from keras_vae.data.batches import image_batches
from keras_vae.data.labels import labels_given, labels_to_draw
from keras_vae.data.pixels import check_pixels
from keras_vae.priors.aggregate_posterior import fit_to_aggregate_posterior
from keras_vae.random.portable import check_index, check_seed, check_temperature

Model = TypeVar("Model", bound=Any)


def generate(
    self: Any,
    count: int,
    seed: int = 0,
    temperature: float = 1.0,
    batch_size: int = 256,
    *,
    label: int | Sequence[int] | np.ndarray | None = None,
    noise: bool = False,
) -> np.ndarray:
    """Draw images from the prior: the mean of p(x|z) at latents from the portable random number generator.

    Image i depends only on (seed, i), not on `count`, and has the same latent in every exported file.

    Args:
        count: number of images, at least 1.
        seed: an int32; 0 by default.
        temperature: the factor of the latents' standard deviation, at least 0; 1 by default.
        batch_size: number of images that are decoded at once; 256 by default.
        label: for a conditional model, the class of all images (a number or a name) or one number for each image. By
            default image i has class i mod `classes`. The label does not change the latents.
        noise: whether to draw each image from p(x|z) instead of returning the mean; False by default. This draw, too,
            depends only on (seed, i). Exported files cannot do it.

    Returns:
        NumPy float32 `[count, H, W, C]` in [0, 1]; draws from a normal p(x|z) are clipped to this range.

    Raises:
        ValueError: if a count or batch size is below 1, the images do not fit in memory, the seed is not an int32, the
            temperature is below 0 or not finite, or a label is out of range or given for a model without classes.
    """
    count, batch_size = whole_number("count", count, 1), whole_number("batch_size", batch_size, 1)
    # twice: in parts, and joined
    check_fits_memory(f"count {count} of images", 2 * 4 * count * math.prod(self.image_shape), "lower count")
    check_seed(seed)
    check_temperature(temperature)
    check_kind("noise", noise, bool, "True or False")
    labels = labels_to_draw(label, count, self.classes, self.class_names)
    images = []
    for start in range(0, count, batch_size):
        index = np.arange(start, min(start + batch_size, count), dtype=np.int32)
        z = self.sample_latents(seed, tf.constant(index), temperature)
        label_of_z = None if labels is None else labels[index]
        if noise:
            outputs = self.decoder_outputs(z, label_of_z)
            draws = [self.likelihood(each).sample(seed=(seed, i)) for each, i in zip(outputs, index, strict=True)]
            images.append(np.clip(draws, 0, 1))
        else:
            images.append(self.decode(z, label=label_of_z).mean().numpy())
    return np.concatenate(images)


def sample_latents(
    self: Any, seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, temperature: tf.Tensor | float
) -> tf.Tensor:
    """Return the latents float32 `[n, latent_dim]` of `generate` for a seed int32 and image numbers int32 `[n]`."""
    if not any(map(tf.is_symbolic_tensor, (seed, index, temperature))):
        seed, index, temperature = check_seed(seed), check_index(index), check_temperature(temperature)
    return self.sampling_prior.sample_latents(seed, index, temperature)


def reconstruct(self: Any, x: Any, batch_size: int = 256, *, label: Any = None) -> np.ndarray:
    """Return the reconstructions of images: the mean of p(x|z) at the mean of q(z|x).

    Args:
        x: images float `[n, H, W, C]` in [0, 1].
        batch_size: number of images that go through the networks at once; 256 by default.
        label: for a conditional model, one class for all images (a number or a name), or int `[n]`.

    Returns:
        NumPy float32 `[n, H, W, C]` in [0, 1].

    Raises:
        ValueError: if images have the wrong shape, are outside [0, 1] or NaN, or labels are out of range.
    """
    x, batch_size = as_array("x", x), whole_number("batch_size", batch_size, 1)
    check_pixels(x, "x", self.image_shape)
    labels = labels_given(label, len(x), self.classes, self.class_names)
    inputs = (x,) if labels is None else (x, labels)
    images = []
    for start in range(0, len(x), batch_size):
        images_, *given = (part[start : start + batch_size] for part in inputs)
        images_ = tf.constant(images_, tf.float32)
        images.append(self((images_, tf.constant(given[0])) if given else images_).numpy())
    return np.concatenate(images)


def fit_sampler(self: Model, data: Any, components: int = 50, seed: int = 0) -> Model:
    """Let `generate` draw from a Gaussian mixture fitted to the aggregate posterior, in place of the prior.

    Where q(z) and p(z) differ, the decoder was never trained on what the prior draws, and the images are poor. The
    mixture is saved and exported with the model; training, `prior` and the ELBO do not change. After further training,
    fit the mixture again.

    Args:
        data: training images: batches of images or of (images, labels), or an array float32 `[n, H, W, C]`; a
            conditional model needs the labels.
        components: number of components of the mixture, at least 1; 50 by default.
        seed: seed of the latents and of the initial mixture; 0 by default.

    Returns:
        The model.

    Raises:
        ValueError: if images are unusable, or there are fewer than 10 per component.

    Example:
        >>> import numpy as np, keras_vae
        >>> model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2)
        >>> images = np.random.default_rng(0).random((40, 8, 8, 1), "float32")
        >>> model.fit_sampler(images, components=2).generate(3).shape
        (3, 8, 8, 1)
    """

    def sample(x: tf.Tensor, label: np.ndarray | None, noise: tf.Tensor) -> tf.Tensor:
        return self.posterior.reparameterize(self.posterior(self.encoder_outputs(x, label)), noise)

    batches = image_batches(data, "data", self.image_shape, classes=self.classes)
    self.sampler = fit_to_aggregate_posterior(sample, batches, self.latent_dim, components, check_seed(seed))
    return self
