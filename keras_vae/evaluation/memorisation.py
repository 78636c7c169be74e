"""A test for memorisation: are samples nearer to training images than chance would explain?"""

from __future__ import annotations

import dataclasses

import numpy as np
from sklearn.neighbors import NearestNeighbors

from keras_vae.data.as_array import as_array
from keras_vae.data.pixels import check_pixels
from keras_vae.random.portable import check_seed

# A sample counts as a copy where it is nearer to a training image than all but this share of the test images are.
QUANTILE = 0.01
# So many times nearer to one image than to any other, a sample weighs as much as it can.
LARGEST_RATIO = 100.0
PERMUTATIONS = 9999


@dataclasses.dataclass(frozen=True)
class Memorisation:
    """The result of comparing m samples with their nearest neighbours.

    Attributes:
        nearer_to_training: share of the samples whose nearest neighbour among training and test images is a training
            image.
        expected: the same share if nothing was memorised, which is the share of training images among all images.
        p_value: probability of nearest neighbours that favour training images as much, if nothing was memorised; a
            small value indicates memorisation. At least 1e-4.
        copies: share of the samples that are nearer to a training image than 99% of the test images are; 0.01 is
            expected. The means of p(x|z) are smoother than images and so nearer to all images, which raises this share;
            `p_value` is not affected by it.
        nearest_training: each sample's nearest training image, int `[m]`.
        nearest_test: each sample's nearest test image, int `[m]`.
        training_distance: float64 `[m]`, Euclidean over pixels.
        test_distance: float64 `[m]`.
    """

    nearer_to_training: float
    expected: float
    p_value: float
    copies: float
    nearest_training: np.ndarray
    nearest_test: np.ndarray
    training_distance: np.ndarray
    test_distance: np.ndarray

    def most_suspicious(self, count: int = 10) -> np.ndarray:
        """Return the samples nearest to training rather than test images, int `[count]`, the worst first."""
        ratio = self.training_distance / np.maximum(self.test_distance, 1e-12)
        return np.argsort(ratio, kind="stable")[:count]


def memorisation(samples: np.ndarray, training: np.ndarray, test: np.ndarray, seed: int = 0) -> Memorisation:
    """Look for memorised training images among samples.

    If a model has learned the distribution and memorised no training image, then training and test images can be
    exchanged: the nearest neighbour of a sample among all of them is a training image in proportion to the number of
    training images. The p-value is that of a permutation test, with 9,999 random assignments of "training" and "test".
    Its statistic is the sum of log(distance to the second nearest / to the nearest) over the samples whose nearest
    neighbour is a training image: a copy is many times nearer to one image than to any other. Blurred samples do not
    mislead the test, since they are not nearer to training images than to test images. See also Meehan, Chaudhuri and
    Dasgupta 2020, "A non-parametric test to detect data-copying in generative models", which compares distances.

    The time grows with the number of training images times that of samples and test images: it is a minute for the
    60,000 and 10,000 images of MNIST.

    Args:
        samples: float `[m, H, W, C]` in [0, 1], such as `model.generate(1000)`.
        training: the images that the model was trained on.
        test: images of the same distribution that were not used in training.
        seed: seed of the permutations; 0 by default.

    Raises:
        ValueError: if images have different shapes or are outside [0, 1], or if there are fewer than 2 training or test
            images.

    Example:
        >>> images = np.random.default_rng(0).random((300, 4, 4, 1))
        >>> found = memorisation(images[:50] * 0.99, images[:200], images[200:])
        >>> found.nearer_to_training, round(found.expected, 2), found.p_value < 1e-3
        (1.0, 0.67, True)
    """
    check_seed(seed)
    samples, training, test = (
        as_array(name, each) for name, each in (("samples", samples), ("training", training), ("test", test))
    )
    check_pixels(samples, "samples")
    check_pixels(training, "training", samples.shape[1:])
    check_pixels(test, "test", samples.shape[1:])
    if min(len(training), len(test)) < 2:
        raise ValueError(f"there are {len(training)} training and {len(test)} test images: expected at least 2 of each")
    samples, training, test = (np.reshape(each, [len(each), -1]) for each in (samples, training, test))
    near_training, near_test = NearestNeighbors(n_neighbors=2).fit(training), NearestNeighbors(n_neighbors=2).fit(test)
    training_distance, nearest_training = near_training.kneighbors(samples)
    test_distance, nearest_test = near_test.kneighbors(samples)
    of_training = training_distance[:, 0] < test_distance[:, 0]
    nearest = np.where(of_training, nearest_training[:, 0], len(training) + nearest_test[:, 0])
    both = np.sort(np.concatenate([training_distance, test_distance], axis=1), axis=1)
    second = np.maximum(both[:, 1], 1e-12)
    weight = np.log(second / np.maximum(both[:, 0], second / LARGEST_RATIO))
    usual, _ = near_training.kneighbors(test, n_neighbors=1)
    return Memorisation(
        nearer_to_training=float(of_training.mean()),
        expected=len(training) / (len(training) + len(test)),
        p_value=permutation_p_value(nearest, weight, len(training), len(test), check_seed(seed)),
        copies=float(np.mean(training_distance[:, 0] < np.quantile(usual, QUANTILE))),
        nearest_training=nearest_training[:, 0],
        nearest_test=nearest_test[:, 0],
        training_distance=training_distance[:, 0].astype(np.float64),
        test_distance=test_distance[:, 0].astype(np.float64),
    )


def permutation_p_value(nearest: np.ndarray, weight: np.ndarray, training: int, test: int, seed: int) -> float:
    """Return how likely the weight of the samples nearest to training is so large, whichever images are training.

    Args:
        nearest: each sample's nearest image, int `[m]`, the first `training` being those of training.
        weight: of each sample, float `[m]`, at least 0; it must not depend on which images are training.
        training: how many images are of training.
        test: how many are not.
        seed: of the permutations, of which there are 9,999; the p-value counts the observed one as one more.
    """
    images, place = np.unique(nearest, return_inverse=True)
    weight_of_image = np.bincount(place, weight)
    observed = weight_of_image[images < training].sum()
    draw = np.random.default_rng([seed % 2**32])
    # of the images that are nearest to some sample, so many are called training; which, a permutation says
    counts = draw.hypergeometric(training, test, len(images), PERMUTATIONS)
    permuted = np.array([draw.permutation(weight_of_image)[:count].sum() for count in counts])
    # rounding must not tell equal sums apart
    return float((1 + np.sum(permuted >= observed - 1e-9 * weight.sum())) / (1 + PERMUTATIONS))
