"""The score below which an image counts as unusual: at a chosen rate of false alarms among normal images."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.checks.number import is_number
from keras_vae.checks.shown import shown
from keras_vae.data.batches import first_images

if TYPE_CHECKING:
    from keras_vae.models.vae import VAE

MOST, FEWEST, VALUES = 1000, 100, 2**21  # of the images; of large ones fewer: each is decoded many times
FALSE_ALARM_RATE = 0.05


def check_rate(rate: float) -> float:
    """Return a rate of false alarms as a float; ValueError unless it is between 0 and 1."""
    if not is_number(rate) or not 0 < rate < 1:
        raise ValueError(
            f"false_alarm_rate is {shown(rate)}: expected a number between 0 and 1, such as {FALSE_ALARM_RATE}"
        )
    return float(rate)


def most_normal(image_shape: Sequence[int]) -> int:
    """Return how many normal images are taken at most.

    Example:
        >>> most_normal([28, 28, 1]), most_normal([256, 256, 3])
        (1000, 100)
    """
    return max(FEWEST, min(MOST, VALUES // math.prod(image_shape)))


def threshold_of(model: VAE, normal: Iterable[Any], rate: float) -> dict[str, Any]:
    """Return the ELBO below which at most that share of the normal images lies, with the rate and their number.

    Args:
        model: the model.
        normal: batches of images that are as they should be and were not trained on, float `[n, H, W, C]` in [0, 1],
            or of (images, labels), as a conditional model needs. The first 1,000 are taken, of large ones fewer.
        rate: the share, between 0 and 1.

    Raises:
        ValueError: images of another shape, outside [0, 1], NaN or none at all.
    """
    count = most_normal(model.image_shape)
    images, labels = first_images(normal, count, "normal_data", model.image_shape, model.classes)
    elbo = np.sort(model.score(images, label=labels).elbo)
    return {"elbo": float(elbo[math.floor(rate * len(elbo))]), "false_alarm_rate": rate, "images": len(elbo)}
