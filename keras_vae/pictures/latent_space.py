"""The picture of the latent space: where the images lie in it, and what it decodes to."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_vae.pictures.class_colours import ClassColours
from keras_vae.pictures.decoded import Decode
from keras_vae.pictures.figure import new_figure
from keras_vae.pictures.kl_order import order_by_kl
from keras_vae.pictures.latent_panels import decoded_line, decoded_plane, histogram, kl_bars, scatter


def draw_latent_space(
    means: np.ndarray,
    kl_per_dimension: np.ndarray,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
    decode: Decode | None = None,
) -> Figure:
    """Draw the posterior means of images, and beside them what fits the number of dimensions.

    One dimension: a histogram, above images decoded along the line. Two: a scatter, beside images decoded
    over the plane, at the standard normal's quantiles. More: a scatter over the two dimensions of largest KL,
    beside the KL of every dimension.

    Args:
        means: float `[n, latent_dim]`, the means of q(z|x) of n images.
        kl_per_dimension: float `[latent_dim]`, in nats per image.
        labels: int `[n]`, the images' classes for the colours; None (the default) draws one colour.
        class_names: The classes' names in the order of their numbers; None (the default) shows the numbers.
        decode: From float32 `[n, latent_dim]` to images float `[n, height, width, channels]`; called only for
            one and two dimensions. None (the default) leaves the decoded panel out.

    Raises:
        ValueError: If a shape does not fit the means, a label has no name, or a number is not finite.
    """
    means = np.asarray(means)
    if means.ndim != 2 or means.size == 0:
        raise ValueError(
            f"means have shape {list(means.shape)}: expected [n, latent_dim]; pass the posterior's mean of n images"
        )
    if not np.isfinite(means).all():
        raise ValueError("means hold NaN or infinity: expected finite numbers; check the training first")
    order, kl = order_by_kl(kl_per_dimension, means.shape[1]), np.asarray(kl_per_dimension)
    colours = None if labels is None else ClassColours.of(labels, len(means), class_names)
    if means.shape[1] == 1:
        figure = new_figure(11, 4.4 if decode is None else 5.6)
        if decode is None:
            histogram(figure.subplots(), means[:, 0], kl, colours)
        else:
            above, below = figure.subplots(2, 1, height_ratios=[4, 1.2])
            histogram(above, means[:, 0], kl, colours)
            decoded_line(below, decode)
        return figure
    figure = new_figure(12, 5.6)
    left, right = figure.subplots(1, 2)
    # in a plane the dimensions keep their numbers, so that both panels have the same axes
    shown = (0, 1) if means.shape[1] == 2 else (int(order[0]), int(order[1]))
    scatter(left, means, shown, kl, colours)
    if means.shape[1] == 2 and decode is not None:
        decoded_plane(right, decode)
    else:
        kl_bars(right, kl, order)
    return figure
