"""A mixture fitted to the aggregate posterior: a better place to draw from than a prior that the encoder missed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from keras_vae.checks.number import whole_number
from keras_vae.priors.mixture import FixedMixture
from keras_vae.random.portable import latents_numpy

FEWEST_A_COMPONENT = 10  # latents: fewer do not fix a mean and a scale in each dimension


def fit_to_aggregate_posterior(
    sample: Callable[[tf.Tensor, np.ndarray | None, tf.Tensor], tf.Tensor],
    batches: Iterable[tuple[np.ndarray, np.ndarray | None]],
    latent_dim: int,
    components: int = 50,
    seed: int = 0,
) -> FixedMixture:
    """Fit diagonal normals to samples of q(z) = mean over images of q(z|x), by expectation maximisation.

    Ghosh et al. 2020, "From variational to deterministic autoencoders", section 4 ("ex-post density estimation").

    Args:
        sample: images float32 `[n, H, W, C]`, their labels int32 `[n]` or None, and noise float32 `[n, latent_dim]` to
            samples of q(z|x).
        batches: of images and their labels, if any.
        latent_dim: width of the latent.
        components: of the mixture, at least 1; 50 by default.
        seed: of the samples, one an image, and of the start; 0 by default.

    Raises:
        ValueError: fewer than 10 images a component.
    """
    components = whole_number("components", components, 1)
    parts, count = [], 0
    for images, labels in batches:
        noise = latents_numpy(seed, range(count, count + len(images)), latent_dim)
        parts.append(sample(tf.constant(images, tf.float32), labels, tf.constant(noise)).numpy())
        count += len(images)
    if count < FEWEST_A_COMPONENT * components:
        raise ValueError(
            f"there are {count} images for {components} components: expected at least {FEWEST_A_COMPONENT} each; "
            "lower components or give more images"
        )
    mixture = GaussianMixture(components, covariance_type="diag", random_state=seed % 2**32)
    with warnings.catch_warnings():
        # 100 rounds; those that would follow change densities by little more than the tolerance
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(np.concatenate(parts).astype(np.float64))
    return FixedMixture.of_weights(mixture.weights_, mixture.means_, np.sqrt(mixture.covariances_), name="sampler")
