"""Judging a model: its ELBO, what it is made of, and a tighter bound on log p(x)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.data.pixels import check_pixels
from keras_vae.evaluation.active_units import active_units
from keras_vae.evaluation.importance import ImportanceWeightedBound
from keras_vae.models.vae import VAE
from keras_vae.objectives.kl import kl_per_dimension
from keras_vae.random.portable import check_seed


def evaluate(
    model: VAE,
    data: Any,
    importance_samples: int = 100,
    seed: int = 0,
    batch_size: int = 100,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Judge a model on images, in nats an image.

    Args:
        model: a `VAE`.
        data: a `tf.data.Dataset` (or other iterable) of batches of images or of (images, labels), or one array of
            images float32 `[n, H, W, C]` in [0, 1].
        importance_samples: K, how many posterior samples each image gets; 100 by default.
        seed: of the samples; the same seed, data and batches give the same numbers; 0 by default.
        batch_size: into which an array is cut; 100 by default.
        progress: called with the number of batches done after each; none by default.

    Returns:
        A dict of plain numbers: `elbo` = -(`reconstruction` + `kl`); `reconstruction` = -E_q[log p(x|z)], over the K
        samples; `kl` = KL(q(z|x) || p(z)); `kl_per_dimension`, a list whose sum is `kl`; `nll`, the negative
        importance-weighted bound with K samples, an upper bound on -log p(x); `nll_standard_error`, of its mean
        over images (None for a single image); `importance_samples`; `active_units`; `images`, how many;
        `is_likelihood`, false where the likelihood is no distribution over such pixels (Bernoulli on gray ones), so
        that `reconstruction`, `elbo` and `nll` are cross-entropies and comparable with such only.

    Raises:
        ValueError: no images, images of another shape, outside [0, 1] or NaN, fewer than one sample.
    """
    check_seed(seed)
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: expected at least 1, such as 100")
    bound = ImportanceWeightedBound(model, importance_samples, seed)
    encode = tf.function(lambda x: _latents(model, x), reduce_retracing=True, autograph=False)
    parts: list[tuple[np.ndarray, ...]] = []
    is_likelihood = True
    for number, x in enumerate(_batches(data, batch_size)):
        check_pixels(x, f"batch {number}", model.image_shape)
        is_likelihood = is_likelihood and model.likelihood.is_likelihood_of(x)
        x = tf.constant(x, tf.float32)
        weights, (means, kl) = bound(x, number), encode(x)
        parts.append(tuple(tensor.numpy() for tensor in (weights.bound, weights.reconstruction, means, kl)))
        if progress:
            progress(number + 1)
    if not parts:
        raise ValueError("data holds no batch: expected at least one image")
    columns = (np.concatenate(part).astype(np.float64) for part in zip(*parts, strict=True))
    bounds, reconstruction, means, kl = columns
    images = len(bounds)
    return {
        "elbo": -float(reconstruction.mean() + kl.sum(axis=1).mean()),
        "reconstruction": float(reconstruction.mean()),
        "kl": float(kl.sum(axis=1).mean()),
        "nll": -float(bounds.mean()),
        "nll_standard_error": float(bounds.std(ddof=1) / np.sqrt(images)) if images > 1 else None,
        "importance_samples": int(importance_samples),
        "active_units": active_units(means),
        "kl_per_dimension": [float(value) for value in kl.mean(axis=0)],
        "images": images,
        "is_likelihood": is_likelihood,
    }


def _latents(model: VAE, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    posterior = model.encode(x)
    return posterior.mean(), kl_per_dimension(posterior, model.prior)


def _batches(data: Any, batch_size: int) -> Iterable[np.ndarray]:
    if isinstance(data, (np.ndarray, tf.Tensor)):
        data = np.asarray(data)
        yield from (data[start : start + batch_size] for start in range(0, len(data), batch_size))
        return
    for batch in data:
        yield np.asarray(keras.utils.unpack_x_y_sample_weight(batch)[0])
