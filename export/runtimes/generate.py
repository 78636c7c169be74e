"""Images from a file's own `generate`, without Keras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_vae.checks.memory import check_fits_memory
from keras_vae.data.labels import labels_to_draw
from keras_vae.export.runtimes.runtime import Runtime
from keras_vae.random.portable import check_seed, check_temperature

BATCH_SIZE = 256


def generate_from(
    run: Runtime,
    model: Mapping[str, Any],
    count: int,
    seed: int = 0,
    temperature: float = 1.0,
    label: int | str | Sequence[int] | np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw images 0 to count - 1 of a seed with one file.

    Args:
        run: the file, loaded, which has the signature `generate`.
        model: `classes` and, where they have them, `class_names`: a manifest's `model`.
        count: how many, at least 1.
        seed: an int32; 0 by default.
        temperature: the factor of the latents' standard deviation; 1 by default.
        label: of a conditional model, one class for all or one for each; class after class by default.

    Returns:
        Images float32 `[count, H, W, C]` and their latents `[count, d]`.

    Raises:
        ValueError: numbers out of range, more images than fit in memory, or a label for a model without classes.
    """
    shape = run.signatures()["generate"]["outputs"]["image"]["shape"][1:]
    # twice: in parts, and joined
    check_fits_memory(f"count {count} of images", 2 * 4 * count * math.prod(shape), "lower count")
    labels = labels_to_draw(label, count, model["classes"], model.get("class_names"))
    given = {} if labels is None else {"label": labels}
    numbers = {"seed": np.int32(check_seed(seed)), "temperature": np.float32(check_temperature(temperature))}
    rows = {"index": np.arange(count, dtype=np.int32), **given}
    drawn = run.by_rows("generate", rows, BATCH_SIZE, **numbers)
    return drawn["image"], drawn["latent"]
