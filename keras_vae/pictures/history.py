"""The picture of a training: the loss and its two parts, epoch by epoch."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_vae.pictures.figure import BLUE, VERMILLION, new_figure, style_axes, style_legend

PANELS = {"loss": "Loss", "reconstruction_loss": "Reconstruction", "kl_loss": "KL"}


def draw_history(rows: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the curves of loss, reconstruction and KL, on the training and test images.

    Args:
        rows: From column to one float an epoch, as in Keras' `History.history`: "loss" and, if there,
            "reconstruction_loss", "kl_loss" and each with "val_" before it, in nats per image. Other columns,
            such as a learning rate, are left out.

    Raises:
        ValueError: If "loss" is missing, or the columns are empty or of unequal length.
    """
    columns = [column for column in PANELS if column in rows]
    if "loss" not in columns:
        raise ValueError(f"history has columns {sorted(rows)}: expected 'loss' among them; pass model.fit(...).history")
    shown = {name: rows[name] for column in columns for name in (column, f"val_{column}") if name in rows}
    lengths = {name: len(values) for name, values in shown.items()}
    if len(set(lengths.values())) > 1 or lengths["loss"] == 0:
        raise ValueError(
            f"history has values by column {lengths}: expected one per epoch in every column; fill the gaps"
        )
    epochs = range(1, lengths["loss"] + 1)
    figure = new_figure(4 * len(columns), 3.4)
    for axes, column in zip(figure.subplots(1, len(columns), squeeze=False)[0], columns, strict=True):
        for name, label, colour, dashes in (
            (column, "train", BLUE, "-"),
            (f"val_{column}", "test", VERMILLION, "--"),
        ):
            if name in shown:
                # a line through one point is invisible, and many markers hide the line
                marker = "o" if len(epochs) <= 20 else None
                axes.plot(
                    epochs,
                    shown[name],
                    dashes,
                    color=colour,
                    label=label,
                    marker=marker,
                    markersize=4,
                    linewidth=1.6,
                )
        style_axes(axes, PANELS[column], "epoch", "nats per image")
        style_legend(axes)
        axes.set_xlim(0.5, len(epochs) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return figure
