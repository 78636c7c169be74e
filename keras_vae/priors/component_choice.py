"""Which component of a mixture an image takes: uniform integers of the portable generator's spare column."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from keras_vae.random.portable import HALF, stride, words, words_numpy

RANGE = 2**31  # a choice is one of 0 ... RANGE - 1


def choices(seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, latent_dim: int) -> tf.Tensor:
    """Return a uniform int32 in [0, 2**31) for each image number of int32 `[n]`, by the portable generator.

    From the two halves of the word in column number `latent_dim`, which no latent uses:

        choice = (left // 2) * 65536 + right

    No temperature enters: it changes how far images are from their component, not which they take.
    """
    return _join(*words(seed, index, [latent_dim], stride(latent_dim)))


def choices_numpy(seed: int, index: ArrayLike, latent_dim: int) -> np.ndarray:
    """Return what `choices` does, by NumPy."""
    return _join(*words_numpy(seed, index, [latent_dim], stride(latent_dim)))


def _join(left: Any, right: Any) -> Any:
    return (left // 2 * HALF + right)[:, 0]
