"""What a conditional model makes of the same latents in every class."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_vae.pictures.decoded import shown_images
from keras_vae.pictures.labelled_grid import labelled_grid
from keras_vae.pictures.lettering import drawable

COLUMNS = 20

DecodeClass = Callable[[np.ndarray, int], np.ndarray]
"""From latents float32 `[n, latent_dim]` and a class to images float `[n, height, width, channels]`."""


def draw_every_class(z: np.ndarray, class_names: Sequence[str], decode: DecodeClass) -> Figure:
    """Draw a grid: one latent a row, one class a column. What a row shares is style, what a column shares the class.

    Args:
        z: float32 `[rows, latent_dim]`, such as draws from the prior.
        class_names: in the order of their numbers; the first 20 are drawn. Names of over 5 letters stand as numbers,
            or are cut where others are numbers, which they would be taken for. All are numbers if no font has them.
        decode: called once a class.

    Raises:
        ValueError: If the decoder returns no images.
    """
    shown = drawable(class_names[:COLUMNS])
    numbers = any(map(str.isdecimal, shown))
    images = np.stack([shown_images(decode(z, label)) for label in range(len(shown))], axis=1)
    return labelled_grid(
        images,
        [f"latent {number}" for number in range(len(z))],
        [name if len(name) <= 5 else f"{name[:4]}…" if numbers else str(label) for label, name in enumerate(shown)],
        title="The same latents in every class",
        xlabel="class" if len(class_names) <= COLUMNS else f"class: the first {COLUMNS} of {len(class_names)}",
    )
