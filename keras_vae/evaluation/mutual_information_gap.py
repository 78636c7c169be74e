"""The mutual information gap: whether each known factor of the data has a latent dimension of its own."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import ArrayLike

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import whole_number
from keras_vae.data.as_array import as_array
from keras_vae.evaluation.elbo_surgery import aggregate_density
from keras_vae.evaluation.posteriors import check_model, moments_of, posteriors_of
from keras_vae.models.vae import VAE
from keras_vae.random.noise import EVALUATION, normal
from keras_vae.random.portable import check_seed

tfd = tfp.distributions

CHANCE = 0.1  # of a factor's entropy


def mutual_information_gap(
    model: VAE, data: Any, factors: Mapping[str, ArrayLike], seed: int = 0, batch_size: int = 100
) -> dict[str, Any]:
    """Return the MIG of a model on images whose factors are known (Chen et al. 2018, equations 5 and 6).

        MIG = mean over factors v of (I(z_a; v) - I(z_b; v)) / H(v)

    where z_a and z_b are the latent dimensions with the most and the second most information about v. It is 1 if each
    factor is encoded in one dimension alone, and 0 if every factor is shared by two dimensions or by none. It is
    meaningful if the factors of the images are independent, as in `shapes`, "train+test".

    The densities are means over the given images. With narrow posteriors and few images, few posteriors overlap at a
    latent, so that every dimension seems to have information about every factor. `by_chance` estimates how much of the
    information is of this kind, from the factor shuffled among the images. Above 0.1, a warning is given.

    Args:
        model: a `VAE` of at least 2 latent dimensions.
        data: batches of images or of (images, labels), or one array of images float32 `[n, H, W, C]` in [0, 1].
        factors: a dict from the name of each factor to int `[n]`, such as `keras_vae.load_factors("shapes",
            "train+test")`.
        seed: seed of the latents, one per image; 0 by default.
        batch_size: size of the batches into which an array is split; 100 by default.

    Returns:
        A dict: `mig`, and the following by the name of the factor: `gaps`; `mutual_information`, in nats, for each
        latent dimension; `entropy`, H(v) in nats; and `by_chance`, the largest share of H(v) that a dimension seems to
        have about the shuffled factor, which is the error that a gap may have.

    Raises:
        ValueError: if images are unusable, or a factor does not have one integer per image or has only one value.
    """
    check_model(model)
    check_seed(seed)
    batch_size = whole_number("batch_size", batch_size, 1)
    check_kind("factors", factors, Mapping, "int [n] by name, such as load_factors('shapes', 'train+test')")
    found = gap_of_latents(*moments_of(model, posteriors_of(model, data, batch_size)), factors, seed)
    name, share = max(found["by_chance"].items(), key=lambda item: item[1])
    if share > CHANCE:
        warnings.warn(
            f"by_chance is {share:.2f} of factor {name!r}: expected at most {CHANCE}, since a gap may be off by this "
            "much; use more images",
            stacklevel=2,
        )
    return found


def gap_of_latents(
    means: ArrayLike, stddevs: ArrayLike, factors: Mapping[str, ArrayLike], seed: int = 0
) -> dict[str, Any]:
    """Return the MIG of normal latents; arguments, returns and errors are those of `mutual_information_gap`.

    Args:
        means: float `[n, d]`.
        stddevs: float `[n, d]`, above 0.
        factors: int `[n]` by the factor's name.
        seed: seed of the latents, one per image; 0 by default.

    Example:
        Two dimensions that say which of two factors' two values each image has:

        >>> values = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> found = gap_of_latents(values, np.full([4, 2], 0.01), {"a": values[:, 0], "b": values[:, 1]})
        >>> round(found["mig"], 6)
        1.0
    """
    means, stddevs = (tf.convert_to_tensor(each, tf.float32) for each in (means, stddevs))
    images, dimensions = means.shape
    if dimensions < 2:
        raise ValueError(f"latent_dim is {dimensions}: expected at least 2, since the gap is between two dimensions")
    values = {name: _checked(name, as_array(f"factor {name!r}", factor), images) for name, factor in factors.items()}
    if not values:
        raise ValueError(
            "factors is empty: expected a dict from names to int [n], such as load_factors('shapes', 'train+test')"
        )
    z = means + stddevs * normal(seed, EVALUATION, 0, [images, dimensions])
    log_density = _log_density(z, means, stddevs)

    def information_on(factor: np.ndarray) -> np.ndarray:
        given = np.empty_like(log_density)
        for value in np.unique(factor):
            (own,) = np.nonzero(factor == value)
            given[own] = _log_density(*(tf.gather(each, own) for each in (z, means, stddevs)))
        return np.mean(given - log_density, axis=0)

    shuffled = np.random.default_rng(seed % 2**32).permutation(images)
    information, entropy, gaps, by_chance = {}, {}, {}, {}
    for name, factor in values.items():
        by_dimension = information_on(factor)
        shares = np.unique(factor, return_counts=True)[1] / images
        entropy[name] = float(-np.sum(shares * np.log(shares)))
        information[name] = by_dimension.tolist()
        second, first = np.sort(by_dimension)[-2:]
        gaps[name] = float(first - second) / entropy[name]
        by_chance[name] = float(information_on(factor[shuffled]).max()) / entropy[name]
    return {
        "mig": float(np.mean(list(gaps.values()))),
        "gaps": gaps,
        "mutual_information": information,
        "entropy": entropy,
        "by_chance": by_chance,
    }


def _log_density(z: tf.Tensor, means: tf.Tensor, stddevs: tf.Tensor) -> np.ndarray:
    """Log q(z_j) of each dimension, float64 `[n, d]`, q being the mean of the normals of these images."""
    marginals = tfd.Normal(means, stddevs)
    _, by_dimension = aggregate_density(z, tfd.Independent(marginals, 1), marginals, int(z.shape[-1]))
    return by_dimension.numpy().astype(np.float64)


def _checked(name: str, factor: np.ndarray, images: int) -> np.ndarray:
    if factor.shape != (images,) or factor.dtype.kind not in "iub":
        raise ValueError(
            f"factor {name!r} is {factor.dtype} of shape {list(factor.shape)}: expected integers [{images}], one per "
            "image; read them from the same split, and do not shuffle the images"
        )
    if len(np.unique(factor)) < 2:
        raise ValueError(f"factor {name!r} has one value only: expected at least 2; leave it out")
    return factor
