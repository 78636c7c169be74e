"""The panels that the picture of the latent space is put together from."""

from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from keras_vae.pictures.class_colours import ClassColours
from keras_vae.pictures.decoded import Decode, decoded_images
from keras_vae.pictures.figure import BLUE, INK, signed, style_axes
from keras_vae.pictures.grid import image_grid

PLANE_SIDE = 15
LINE_LENGTH = 21


def normal_quantiles(count: int) -> np.ndarray:
    """Return the standard normal's quantiles at (i + 0.5) / count, float32 `[count]`: equal shares.

    Example:
        >>> normal_quantiles(3).round(3).tolist()
        [-0.967..., 0.0, 0.967...]
    """
    return np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)], np.float32)


def scatter(
    axes: Axes,
    means: np.ndarray,
    shown: tuple[int, int],
    kl: np.ndarray,
    colours: ClassColours | None,
) -> None:
    """Draw posterior means `[n, latent_dim]` over two of their dimensions, coloured by class or plain."""
    count = len(means)
    axes.scatter(
        means[:, shown[0]],
        means[:, shown[1]],
        c=BLUE if colours is None else [colours.colours[position] for position in colours.positions],
        s=float(np.clip(20000 / count, 4, 24)),
        alpha=0.8 if count <= 2000 else 0.5,
        linewidths=0,
    )
    which = "" if means.shape[1] == 2 else ", the two dimensions of largest KL"
    xlabel, ylabel = (f"z[{dimension}]   (KL {kl[dimension]:.2f} nats)" for dimension in shown)
    style_axes(axes, f"Posterior means{which}", xlabel, ylabel)
    axes.set_aspect("equal", adjustable="datalim")
    if colours is not None:
        colours.add_legend(axes)


def kl_bars(axes: Axes, kl: np.ndarray, order: np.ndarray) -> None:
    """Draw the KL of every dimension, float `[latent_dim]` in nats, in the order given."""
    ranks = np.arange(1, len(order) + 1)
    axes.bar(ranks, kl[order], color=BLUE, width=0.8 if len(order) <= 100 else 1.0)
    few = len(order) <= 30
    xlabel = "latent dimension, largest KL first" if few else "latent dimensions, largest KL first (rank)"
    style_axes(axes, f"KL per dimension, {kl.sum():.2f} nats in all", xlabel, "KL, nats per image")
    axes.grid(visible=False, axis="x")
    axes.set_xlim(0.4, len(order) + 0.6)
    if few:
        axes.set_xticks(ranks, [str(dimension) for dimension in order])


def decoded_plane(axes: Axes, decode: Decode) -> None:
    """Draw the images decoded over two dimensions, each at a quantile of the standard normal prior."""
    values = normal_quantiles(PLANE_SIDE)
    # rows go down the picture, the second dimension goes up
    z = np.array([(x, y) for y in values[::-1] for x in values], np.float32)
    grid = image_grid(decoded_images(decode, z), columns=PLANE_SIDE)
    extent = (-0.5, PLANE_SIDE - 0.5, -0.5, PLANE_SIDE - 0.5)
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255, extent=extent, aspect=grid.shape[0] / grid.shape[1])
    style_axes(axes, "Decoded at the prior's quantiles", "z[0]", "z[1]", grid=False)
    ticks = range(0, PLANE_SIDE, 2)
    axes.set_xticks(ticks, [signed(values[tick]) for tick in ticks])
    axes.set_yticks(ticks, [signed(values[tick]) for tick in ticks])


def histogram(axes: Axes, means: np.ndarray, kl: np.ndarray, colours: ClassColours | None) -> None:
    """Draw how many posterior means `[n]` fall where, stacked by class, with the prior's share as a line."""
    edges = np.histogram_bin_edges(means, bins=40)
    groups = [means] if colours is None else [means[colours.positions == i] for i in range(len(colours.classes))]
    axes.hist(groups, bins=edges, stacked=True, color=[BLUE] if colours is None else list(colours.colours))
    x = np.linspace(edges[0], edges[-1], 200)
    expected = len(means) * (edges[1] - edges[0]) * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    axes.plot(x, expected, color=INK, linewidth=1.4, linestyle="--")
    style_axes(axes, "Posterior means, beside the prior (dashed)", f"z[0]   (KL {kl[0]:.2f} nats)", "images")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if colours is not None:
        colours.add_legend(axes)


def decoded_line(axes: Axes, decode: Decode) -> None:
    """Draw the images decoded along one dimension, each at a quantile of the standard normal prior."""
    values = normal_quantiles(LINE_LENGTH)
    grid = image_grid(decoded_images(decode, values[:, None]), columns=LINE_LENGTH)
    extent = (-0.5, LINE_LENGTH - 0.5, 0, 1)
    aspect = LINE_LENGTH * grid.shape[0] / grid.shape[1]
    axes.imshow(grid, cmap="gray", vmin=0, vmax=255, extent=extent, aspect=aspect)
    style_axes(axes, "Decoded at the prior's quantiles", "z[0]", "", grid=False)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xticks(range(0, LINE_LENGTH, 2), [signed(value) for value in values[::2]])
