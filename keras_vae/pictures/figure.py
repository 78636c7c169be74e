"""The style that every drawn picture shares, and how a figure is written.

Figures are made through Matplotlib's objects alone: nothing here reads or changes the state of pyplot, and
colours are given outright, so that a caller's dark style cannot put white text on the white background.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_vae.pictures.grid import save_png

DPI = 120
FONT_SIZE = 10
INK = "#222222"
FAINT = "#d9d9d9"

# Okabe & Ito, Color Universal Design (2008): told apart with every common colour vision
BLUE, VERMILLION = "#0072B2", "#D55E00"

# Petroff, Accessible Color Sequences for Data Visualization (2021): ten, where Okabe & Ito have eight
CLASS_COLOURS = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6"),
    *("#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"),
)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, opaque white, that arranges its panels itself."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)
    return figure


def signed(number: float, digits: int = 2) -> str:
    r"""Return a number as an axis shows it, with a minus sign as wide as the digits.

    Example:
        >>> signed(-0.5) == "\N{MINUS SIGN}0.50"
        True
    """
    return f"{number:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def style_axes(axes: Axes, title: str, xlabel: str, ylabel: str, grid: bool = True) -> None:
    """Give a panel its title, labels and the shared look."""
    axes.set_facecolor("white")
    axes.set_title(title, fontsize=FONT_SIZE + 1, color=INK, loc="left")
    axes.set_xlabel(xlabel, fontsize=FONT_SIZE, color=INK)
    axes.set_ylabel(ylabel, fontsize=FONT_SIZE, color=INK)
    axes.tick_params(colors=INK, labelsize=FONT_SIZE - 1)
    for side, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(side in ("left", "bottom"))
    axes.set_axisbelow(True)
    axes.grid(visible=grid, **({"color": FAINT, "linewidth": 0.6, "linestyle": "-"} if grid else {}))


def style_legend(axes: Axes, **options: Any) -> None:
    """Give a panel a legend in the shared look; options go to Matplotlib's `Axes.legend`."""
    axes.legend(
        fontsize=FONT_SIZE - 1,
        labelcolor=INK,
        facecolor="white",
        edgecolor=FAINT,
        framealpha=0.9,
        **options,
    )


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Draw a figure and write it as an opaque PNG; equal figures give equal bytes.

    Args:
        figure: The figure, with a background that is not transparent.
        path: As in `save_png`: the file is written beside its place and renamed.

    Returns:
        The path written.

    Raises:
        ValueError: If the path does not end in ".png".
        OSError: If the folder is missing or the file cannot be written.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # Pillow writes the pixels alone, where Matplotlib would add its name and version
    return save_png(np.asarray(canvas.buffer_rgba())[..., :3], path)
