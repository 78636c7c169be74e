"""Rows of images with a name to each row and each column, every image pixel on whole screen pixels."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from keras_vae.pictures.figure import DPI, FONT_SIZE, INK
from keras_vae.pictures.grid import BACKGROUND, image_grid, magnification
from keras_vae.pictures.lettering import font_of

GAP = 4
MARGIN = 16
LINE = round(FONT_SIZE * 1.7 * DPI / 72)


def text_width(text: str, size: float) -> int:
    """Return the width of a line of text in screen pixels."""
    if not text:
        return 0
    path = TextPath((0, 0), text, size=size, prop=font_of([text], size))
    return int(np.ceil(path.get_extents().width * DPI / 72))


def labelled_grid(
    rows: Sequence[np.ndarray] | np.ndarray,
    row_labels: Sequence[str],
    column_labels: Sequence[str] = (),
    title: str = "",
    xlabel: str = "",
    group: int = 1,
) -> Figure:
    """Return a figure of image rows, with labels on the left and below.

    Args:
        rows: The rows, each float `[columns, height, width, channels]` in [0, 1]; the first is the longest.
        row_labels: One for each row.
        column_labels: One for each column, or none.
        title: Stands above.
        xlabel: Says below what the columns mean.
        group: So many rows belong together: a wider gap follows each group.

    Raises:
        ValueError: If the labels do not fit the rows, or the rows are no images in [0, 1].
    """
    columns, height, width = rows[0].shape[:3]
    if len(row_labels) != len(rows) or len(column_labels) not in (0, columns):
        raise ValueError(
            f"labels are {len(row_labels)} for the rows and {len(column_labels)} for the columns: expected {len(rows)} "
            f"and 0 or {columns}; give one each"
        )
    scale = magnification(height, width)
    strips, centres, top = [], [], 0
    for index, row in enumerate(rows):
        strip = image_grid(row, columns=columns, gap=GAP, scale=scale)
        strip = np.repeat(strip[..., None], 3, axis=-1) if strip.ndim == 2 else strip
        if index and index % group == 0 and group > 1:
            strips.append(np.full([4 * GAP, *strip.shape[1:]], BACKGROUND, np.uint8))
            top += 4 * GAP
        strips.append(strip)
        centres.append(top + len(strip) / 2 - 0.5)
        top += len(strip)
    picture = np.concatenate(strips)

    left = MARGIN + max(text_width(label, FONT_SIZE) for label in row_labels) + 8
    above = MARGIN + (LINE if title else 0)
    below = MARGIN + (LINE if column_labels else 0) + (LINE if xlabel else 0)
    widest = max(picture.shape[1], text_width(title, FONT_SIZE + 1), text_width(xlabel, FONT_SIZE))
    total_width, total_height = left + widest + MARGIN, above + len(picture) + below
    figure = Figure(figsize=(total_width / DPI, total_height / DPI), dpi=DPI, facecolor="white")
    axes = figure.add_axes(
        (
            left / total_width,
            below / total_height,
            picture.shape[1] / total_width,
            len(picture) / total_height,
        )
    )
    axes.imshow(picture, interpolation="nearest", aspect="auto")
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)
    axes.tick_params(length=0, colors=INK, labelsize=FONT_SIZE)
    axes.set_yticks(centres, row_labels)
    step = width * scale + GAP
    positions = [GAP + column * step + (width * scale - 1) / 2 for column in range(columns)]
    widest = max((text_width(label, FONT_SIZE) for label in column_labels), default=0)
    size = FONT_SIZE * min(1.0, (step - 2 * GAP) / max(1, widest))  # so that neighbours do not touch
    axes.set_xticks(positions if column_labels else [], column_labels, fontproperties=font_of(column_labels, size))
    axes.set_title(title, loc="left", fontsize=FONT_SIZE + 1, color=INK)
    axes.set_xlabel(xlabel, loc="left", fontsize=FONT_SIZE, color=INK)
    return figure
