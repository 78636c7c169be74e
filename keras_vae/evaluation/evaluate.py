"""Judging a model: its ELBO, what it is made of, and a tighter bound on log p(x)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import whole_number
from keras_vae.data.batches import image_batches
from keras_vae.evaluation.importance import ImportanceWeightedBound
from keras_vae.evaluation.posteriors import check_model
from keras_vae.evaluation.traced import traced
from keras_vae.models.vae import VAE
from keras_vae.objectives.kl import factorise, kl_in_closed_form
from keras_vae.objectives.kl import kl_per_dimension as kl_by_dimension
from keras_vae.random.portable import check_seed

THRESHOLD = 0.01


def active_units(means: np.ndarray) -> int:
    """Count latent dimensions with Var over x of E_q[z] above 0.01 (Burda et al. 2016, section 5.3).

    Args:
        means: posterior means `[images, latent_dim]`.

    Example:
        >>> active_units(np.array([[0.0, 1.0], [0.01, -1.0]]))
        1
    """
    return int(np.sum(np.var(means, axis=0) > THRESHOLD))


def bits_per_dimension(nats: float, image_shape: Sequence[int]) -> float:
    """Return bits a pixel and channel of a negative log-likelihood in nats per image.

    Args:
        nats: -log p(x), of a likelihood of bytes such as `DiscretisedLogisticMixture`. A density over pixels in
            [0, 1] is one over bytes that were made continuous by uniform noise once log(256) a dimension is added.
        image_shape: (height, width, channels).

    Raises:
        ValueError: a shape without values.

    Example:
        >>> round(bits_per_dimension(math.log(256) * 8 * 8 * 3, (8, 8, 3)), 6)
        8.0
    """
    dimensions = math.prod(image_shape)
    if dimensions < 1:
        raise ValueError(
            f"image_shape is {tuple(image_shape)}: expected (height, width, channels), such as (32, 32, 3)"
        )
    return nats / (math.log(2) * dimensions)


def evaluate(
    model: VAE,
    data: Any,
    importance_samples: int = 100,
    seed: int = 0,
    batch_size: int = 100,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a model on images, in nats per image.

    The bound is that of Burda et al. 2016, equation 8; active units are counted as in its section 5.3.

    Args:
        model: a `VAE`.
        data: a `tf.data.Dataset` (or other iterable) of batches of images or of (images, labels), or one array of
            images float32 `[n, H, W, C]` in [0, 1], or a pair of such an array and int labels `[n]`. A conditional
            model needs the labels; all figures are then conditional on them, and `nll` bounds -log p(x|y).
        importance_samples: K, the number of posterior samples per image; 100 by default.
        seed: seed of the samples; the same seed, data and batches give the same numbers; 0 by default.
        batch_size: size of the batches into which an array is split; 100 by default.
        progress: a function that is called after each batch with the number of batches done; none by default.

    Returns:
        A dict of plain numbers: `elbo` = -(`reconstruction` + `kl`); `reconstruction` = -E_q[log p(x|z)], over the K
        samples; `kl` = KL(q(z|x) || p(z)), in closed form if there is one, else over the same samples;
        `kl_per_dimension`, a list whose sum is `kl` if prior and posterior have independent normal dimensions, else the
        information that each dimension has by itself (see `information_per_dimension`); `nll`, the negative
        importance-weighted bound with K samples, an upper bound on -log p(x); `nll_standard_error`, the standard error
        of its mean over images (None for a single image); `importance_samples`; `active_units`; `images`, the number of
        images; `is_likelihood`, false if the likelihood is not a distribution over such pixels (a Bernoulli with gray
        pixels), so that `reconstruction`, `elbo` and `nll` are cross-entropies, and comparable only with those. A
        ladder adds `kl_per_group`, whose sum is `kl`. A likelihood over bytes (discretised_logistic_mixture) adds
        `bits_per_dimension`, which is `nll` in bits per pixel and channel.

    Raises:
        ValueError: if there are no images or no end of them, images have the wrong shape, are outside [0, 1] or NaN,
            samples have weights, or `importance_samples` is below 1.
    """
    check_model(model)
    check_seed(seed)
    check_kind("progress", progress, (Callable, NoneType), "a function of a number; leave it out for none")
    batch_size = whole_number("batch_size", batch_size, 1)
    if isinstance(data, tf.data.Dataset) and data.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("data is a dataset without an end: expected a finite one; use data.take(batches)")
    bound = ImportanceWeightedBound(model, importance_samples, seed)
    encode = traced(_latents, model)
    parts: list[dict[str, np.ndarray]] = []
    is_likelihood = True
    for number, (x, label) in enumerate(image_batches(data, "data", model.image_shape, batch_size, model.classes)):
        is_likelihood = is_likelihood and bool(model.likelihood.is_likelihood_of(x))
        x, label = tf.constant(x), None if label is None else tf.constant(label)
        found = {**bound(x, number, label)._asdict(), **encode(x, label)}
        parts.append({name: tensor.numpy() for name, tensor in found.items() if tensor is not None})
        if progress:
            progress(number + 1)
    columns = {name: np.concatenate([part[name] for part in parts]).astype(np.float64) for name in parts[0]}
    bounds, reconstruction, means = columns["bound"], columns["reconstruction"], columns["mean"]
    if "kl_per_dimension" in columns:
        kl_per_dimension = columns["kl_per_dimension"].mean(axis=0)
        kl = float(columns["kl_per_dimension"].sum(axis=1).mean())
    else:
        kl_per_dimension = information_per_dimension(means, columns["stddev"])
        kl = float(columns["kl"].mean())
    images, nll = len(bounds), -float(bounds.mean())
    figures = {
        "elbo": -(float(reconstruction.mean()) + kl),
        "reconstruction": float(reconstruction.mean()),
        "kl": kl,
        "nll": nll,
        "nll_standard_error": float(bounds.std(ddof=1) / np.sqrt(images)) if images > 1 else None,
        "importance_samples": int(importance_samples),
        "active_units": active_units(means),
        "kl_per_dimension": [float(value) for value in kl_per_dimension],
        "images": images,
        "is_likelihood": is_likelihood,
    }
    if model.posterior.widths and "kl_per_dimension" in columns:
        ends = np.cumsum(model.posterior.widths)[:-1]
        figures["kl_per_group"] = [float(group.sum()) for group in np.split(kl_per_dimension, ends)]
    if model.likelihood.of_bytes and is_likelihood:
        figures["bits_per_dimension"] = bits_per_dimension(nll, model.image_shape)
    return figures


def information_per_dimension(means: np.ndarray, stddevs: np.ndarray) -> np.ndarray:
    """Return how many nats each latent dimension carries by itself, float64 `[d]`, at least 0.

    The mean over images of KL(N(mean_j, stddev_j^2) || N(m_j, v_j)), with the mean m_j and the variance v_j that
    dimension j has over all images and samples: log(v_j) / 2 - mean(log(stddev_j)). It bounds the
    mutual information of image and z_j from above, and needs no prior.

    Args:
        means: of the posteriors, `[n, d]`.
        stddevs: of the posteriors, `[n, d]`, above 0.
    """
    variance = means.var(axis=0) + np.square(stddevs).mean(axis=0)
    return np.maximum(np.log(variance) / 2 - np.log(stddevs).mean(axis=0), 0.0)


def _latents(model: VAE, x: tf.Tensor, label: tf.Tensor | None) -> dict[str, tf.Tensor]:
    """What is known of q(z|x) without samples: its moments, and its KL where that has a closed form."""
    posterior, prior = model.encode(x, label=label), model.prior()
    mean, stddev = model.posterior.moments(posterior)
    found = {"mean": mean, "stddev": stddev}
    if model.posterior.widths:  # the KL depends on the samples: the bound tells it
        return found
    if factorise(posterior, prior):
        return {**found, "kl_per_dimension": kl_by_dimension(posterior, prior)}
    kl = kl_in_closed_form(posterior, prior)
    return found if kl is None else {**found, "kl": kl}
