"""Strips: what the decoder makes of a walk through the latent space."""

import numpy as np
from matplotlib.figure import Figure

from keras_vae.pictures.decoded import Decode, decoded_images
from keras_vae.pictures.figure import signed
from keras_vae.pictures.kl_order import order_by_kl
from keras_vae.pictures.labelled_grid import labelled_grid


def draw_interpolation(z_start: np.ndarray, z_end: np.ndarray, decode: Decode, steps: int = 11) -> Figure:
    """Draw the decoded images on the straight way between pairs of latents, one pair a row.

    The way is straight, not an arc of the sphere: posterior means differ in length, and between two that are
    nearly opposite an arc is undefined (or far outside), while a straight way stays between the codes.

    Args:
        z_start: float `[pairs, latent_dim]`, such as posterior means of images.
        z_end: float `[pairs, latent_dim]`.
        decode: From float32 `[n, latent_dim]` to images float `[n, height, width, channels]`; called once.
        steps: Images in a row, both ends included.

    Raises:
        ValueError: If the shapes differ or are no `[pairs, latent_dim]`, or steps < 2.
    """
    z_start, z_end = np.asarray(z_start, np.float32), np.asarray(z_end, np.float32)
    if z_start.ndim != 2 or z_start.size == 0 or z_start.shape != z_end.shape:
        raise ValueError(
            f"z_start and z_end have shapes {list(z_start.shape)} and {list(z_end.shape)}: expected the same shape "
            "[pairs, latent_dim]; give one start and one end per row"
        )
    if steps < 2:
        raise ValueError(f"steps is {steps}: expected at least 2, the start and the end; choose more")
    weight = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    z = (1 - weight) * z_start[:, None] + weight * z_end[:, None]
    images = decoded_images(decode, z.reshape(-1, z.shape[-1]))
    return labelled_grid(
        images.reshape(len(z), steps, *images.shape[1:]),
        [f"pair {number}" for number in range(1, len(z) + 1)],
        [f"{value:.2g}" for value in weight[:, 0]],
        title="Interpolation",
        xlabel="share of the straight way from the first latent (0) to the second (1)",
    )


def draw_traversals(
    kl_per_dimension: np.ndarray, decode: Decode, dimensions: int = 10, span: float = 3.0, steps: int = 13
) -> Figure:
    """Draw what each latent dimension does: one row a dimension, the largest KL first, the others held at 0.

    Args:
        kl_per_dimension: float `[latent_dim]`, in nats per image.
        decode: From float32 `[n, latent_dim]` to images float `[n, height, width, channels]`; called once.
        dimensions: Rows at most.
        span: The columns go from -span to +span standard deviations of the standard normal prior.
        steps: Images in a row; an odd number has the prior's mean in the middle.

    Raises:
        ValueError: If kl_per_dimension is no finite `[latent_dim]`, or a number is out of range.
    """
    order = order_by_kl(kl_per_dimension)[: max(dimensions, 0)]
    if len(order) == 0 or steps < 2 or not 0 < span < np.inf:
        raise ValueError(
            f"dimensions, steps and span are {dimensions}, {steps} and {span}: expected at least 1, at least 2 and a "
            "positive number; choose larger ones"
        )
    kl = np.asarray(kl_per_dimension)
    offsets = np.linspace(-span, span, steps, dtype=np.float32)
    z = np.zeros([len(order), steps, len(kl)], np.float32)
    for row, dimension in enumerate(order):
        z[row, :, dimension] = offsets
    images = decoded_images(decode, z.reshape(-1, len(kl)))
    return labelled_grid(
        images.reshape(len(order), steps, *images.shape[1:]),
        [f"z[{dimension}]   {kl[dimension]:.2f} nats" for dimension in order],
        [signed(offset) for offset in offsets],
        title="Traversals, ordered by KL",
        xlabel="the dimension's value, in standard deviations of the prior; all others are 0",
    )
