"""A colour for each class, and the legend that says which."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.lines import Line2D

from keras_vae.pictures.figure import CLASS_COLOURS, FONT_SIZE, INK, style_legend
from keras_vae.pictures.lettering import drawable, font_of


@dataclasses.dataclass(frozen=True)
class ClassColours:
    """The classes of n images and their colours.

    Attributes:
        classes: int `[classes]`, the numbers that occur, ascending.
        positions: int `[n]`, each image's place in `classes`.
        names: The classes' names, in the order of `classes`; their numbers where no font has the names.
        colours: One hexadecimal or RGBA colour a class: told apart with every common colour vision up to ten
            classes, taken from a colormap beyond.
    """

    classes: np.ndarray
    positions: np.ndarray
    names: tuple[str, ...]
    colours: tuple[Any, ...]

    @classmethod
    def of(cls, labels: np.ndarray, count: int, class_names: Sequence[str] | None) -> "ClassColours":
        """Return the colours for int labels `[count]`, named by class number or by themselves."""
        labels = np.asarray(labels)
        if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(
                f"labels are {labels.dtype} {list(labels.shape)}: expected integers [{count}]; give one per image"
            )
        classes, positions = np.unique(labels, return_inverse=True)
        if class_names is not None and (classes[0] < 0 or classes[-1] >= len(class_names)):
            raise ValueError(
                f"class_names has {len(class_names)} names: expected one for each label from {classes[0]} to "
                f"{classes[-1]}; give them in the order of the classes' numbers"
            )
        named = None if class_names is None else drawable([str(name) for name in class_names])
        names = tuple(str(number) if named is None else named[number] for number in classes)
        if len(classes) <= len(CLASS_COLOURS):
            colours = CLASS_COLOURS[: len(classes)]
        else:
            colours = tuple(matplotlib.colormaps["viridis"](np.linspace(0, 1, len(classes))))
        return cls(classes, positions, names, colours)

    def add_legend(self, axes: Axes) -> None:
        """Put the names beside a panel: a legend for few classes, a colour bar for many."""
        if len(self.classes) <= len(CLASS_COLOURS):
            handles = [
                Line2D([], [], linestyle="", marker="o", markersize=6, color=colour, label=name)
                for colour, name in zip(self.colours, self.names, strict=True)
            ]
            font = font_of(self.names, FONT_SIZE - 1)
            style_legend(axes, handles=handles, prop=font, loc="upper left", bbox_to_anchor=(1.0, 1.0))
            return
        norm = BoundaryNorm(np.arange(len(self.classes) + 1) - 0.5, len(self.classes))
        mappable = ScalarMappable(norm, ListedColormap(list(self.colours)))
        bar = axes.figure.colorbar(mappable, ax=axes, shrink=0.9)
        # at most some twenty names have room
        ticks = range(0, len(self.classes), -(-len(self.classes) // 20))
        names = [self.names[tick] for tick in ticks]
        bar.set_ticks(list(ticks), labels=names, fontproperties=font_of(names, FONT_SIZE - 2))
        bar.ax.minorticks_off()
        bar.ax.tick_params(colors=INK, labelsize=FONT_SIZE - 2, length=0)
        bar.outline.set_visible(False)
