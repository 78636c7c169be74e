"""The Frechet distance of two sets of images in the features of a classifier trained here."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.checks.kind import check_kind
from keras_vae.data.as_array import as_array
from keras_vae.data.pixels import check_pixels
from keras_vae.evaluation.digit_classifier import digit_features

Features = Callable[[np.ndarray], ArrayLike]


def frechet_distance(images: np.ndarray, others: np.ndarray, features: Features | None = None) -> float:
    """Return the squared Frechet distance between the features of two sets of images.

        |m - m'|^2 + trace(C + C' - 2 (C C')^(1/2))

    with their means m and covariances C: the distance between the normals with these moments (Dowson and Landau 1982),
    which Heusel et al. 2017 use to evaluate generated images. The features are those of a small digit classifier, or
    your own, and not those of Inception. So this is not the FID. Compare it only with distances of the same features
    and about the same number of images: fewer images make it larger.

    Args:
        images: float `[n, H, W, C]` in [0, 1], such as `model.generate(10_000)`, with n at least 2.
        others: images to compare with, such as test images: as many, of the same shape.
        features: a function from images float32 `[n, H, W, C]` to `[n, d]`; by default `digit_features`, for gray
            digits of 8x8 and 28x28 pixels.

    Raises:
        ValueError: if images have different shapes, are outside [0, 1], are fewer than 2 or have a shape for which
            there is no classifier, or if features are not finite.

    Example:
        >>> import keras_vae.data.load
        >>> digits = keras_vae.data.load.load_arrays("digits", "test").images / 255
        >>> frechet_distance(digits, 1 - digits) > frechet_distance(digits, digits[::2]) > 0
        True
    """
    images, others = as_array("images", images), as_array("others", others)
    check_pixels(images, "images")
    check_pixels(others, "others", images.shape[1:])
    check_kind("features", features, (Callable, NoneType), "a function from images to numbers [n, d]")
    of_features = digit_features if features is None else features
    return frechet_distance_of_features(*(of_features(each) for each in (images, others)))


def frechet_distance_of_features(features: ArrayLike, others: ArrayLike) -> float:
    """Return the squared Frechet distance between the normals with the moments of two sets of points.

    Args:
        features: float `[n, d]`, n at least 2.
        others: float `[m, d]`, m at least 2.

    Raises:
        ValueError: other shapes, or numbers that are not finite.

    Example:
        >>> float(round(frechet_distance_of_features([[0.0], [2.0]], [[5.0], [7.0]]), 6))
        25.0
    """
    points = [as_array("features", each).astype(np.float64) for each in (features, others)]
    for each in points:
        if each.ndim != 2 or len(each) < 2 or each.shape[1] != points[0].shape[-1] or not np.isfinite(each).all():
            raise ValueError(
                f"features are {[list(each.shape) for each in points]}: expected finite numbers [n, d] and [m, d], n "
                "and m at least 2; use more images or other features"
            )
    (mean, covariance), (other_mean, other_covariance) = (
        (each.mean(axis=0), np.cov(each, rowvar=False).reshape(each.shape[1], each.shape[1])) for each in points
    )
    # (C C')^(1/2) has the trace of (C^(1/2) C' C^(1/2))^(1/2), which is symmetric: its eigenvalues are safe to root
    root = _root(covariance)
    eigenvalues = np.linalg.eigvalsh(root @ other_covariance @ root)
    overlap = np.sum(np.sqrt(np.maximum(eigenvalues, 0)))
    distance = np.sum((mean - other_mean) ** 2) + np.trace(covariance) + np.trace(other_covariance) - 2 * overlap
    return max(float(distance), 0.0)


def _root(covariance: np.ndarray) -> np.ndarray:
    eigenvalues, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(eigenvalues, 0))) @ vectors.T
