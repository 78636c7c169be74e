"""Images gathered from a source block by block: into memory while they fit, else once into a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from keras_vae.checks.memory import memory
from keras_vae.checks.number import above
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.prepared_file import Block, Gathered, PreparedFile


def fits(size: int, memory_budget: float | None) -> bool:
    """Return whether bytes of pixels are to be held in memory, where TensorFlow has a copy of them too.

    Args:
        size: of the pixels, in bytes.
        memory_budget: gigabytes; None is a quarter of the machine's.

    Raises:
        ValueError: a budget that is no number above 0.

    Example:
        >>> fits(400_000_000, 1), fits(600_000_000, 1)
        (True, False)
    """
    return 2 * size <= (memory() / 4 if memory_budget is None else 1e9 * above("memory_budget", memory_budget, 0))


def gather(
    file: PreparedFile,
    count: int,
    image_shape: tuple[int, ...],
    blocks: Callable[[int], Iterator[Block]],
    memory_budget: float | None,
    facts: Mapping[str, Any],
) -> Gathered:
    """Gather images.

    Args:
        file: where they go if they do not fit.
        count: of the source's items, each of which gives an image or fails.
        image_shape: (height, width, channels).
        blocks: gives the blocks from some item on, in the source's order.
        memory_budget: see `fits`.
        facts: what to remember of the images, in JSON's types.

    Raises:
        ValueError: a budget that is no number above 0.
        OSError: a cache folder that cannot be written, or without room.
    """
    if not fits(count * math.prod(image_shape), memory_budget):
        return file.write(count, image_shape, blocks, facts)
    images = np.empty((count, *image_shape), np.uint8)
    labels = np.empty([count], np.int32)
    rows, labelled, failed = 0, True, {}
    for block in blocks(0):
        here = slice(rows, rows + len(block.images))
        images[here] = block.images
        if block.labels is None:
            labelled = False
        else:
            labels[here] = block.labels
        rows = here.stop
        failed |= block.failed
    return Gathered(ImageArrays(images[:rows], labels[:rows] if labelled else None), failed, facts)
