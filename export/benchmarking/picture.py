"""The picture of a benchmark: what each file takes, and what it costs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_vae.pictures.figure import BLUE, FONT_SIZE, INK, VERMILLION, new_figure, save_figure, style_axes

PANELS: tuple[tuple[str, str, Callable[[Mapping[str, Any]], float | None]], ...] = (
    ("Size", "megabytes", lambda row: row["bytes"] / 1e6),
    ("One image", "milliseconds, one thread", lambda row: row["one_seconds"] * 1e3),
    ("64 images", "milliseconds, one thread", lambda row: row["batch_seconds"] * 1e3),
    ("Peak memory", "megabytes, with its runtime", lambda row: row["peak_bytes"] / 1e6),
    ("Cost", "nats lost an image", lambda row: max(row["nats_lost"].values(), default=None)),
)


def benchmark_picture(rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> Path:
    """Write bars of size, times, memory and nats lost, a line a file.

    Args:
        rows: what `benchmark_bundle` returned.
        path: the PNG file to write.

    Returns:
        The path written.
    """
    figure = new_figure(3 * len(PANELS) + 1.5, 0.4 * len(rows) + 1.3)
    all_axes = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (title, unit, value) in zip(all_axes, PANELS, strict=True):
        values = [value(row) for row in rows]
        axes.barh(
            range(len(rows)),
            [0 if number is None else number for number in values],
            color=VERMILLION if title == "Cost" else BLUE,
            height=0.6,
        )
        for place, number in enumerate(values):
            if number is not None:
                shown = f" {number:.3f}" if title == "Cost" else f" {number:.3g}"
                axes.annotate(shown, (max(number, 0), place), va="center", fontsize=FONT_SIZE - 2, color=INK)
        style_axes(axes, title, unit, "")
        axes.margins(x=0.25)
        axes.grid(visible=False, axis="y")
    all_axes[0].set_yticks(range(len(rows)), [f"{row['path']} ({row['signature']})" for row in rows])
    all_axes[0].invert_yaxis()
    return save_figure(figure, path)
