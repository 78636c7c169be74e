"""The integer decoder as C, for firmware: the file in an array, its numbers as constants, and latents to start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.export.formats.integers import to_integers

PER_LINE = 20
HEADER = """\
/* The integer decoder of this bundle. Written by keras_vae; the manifest has its SHA-256. */
#ifndef KERAS_VAE_MODEL_H
#define KERAS_VAE_MODEL_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {{
#endif

#define MODEL_BYTES {bytes}
#define ARENA_BYTES {arena} /* enough; arena_used_bytes() says how much of it is used */
#define LATENT_DIM {latent_dim}
#define IMAGE_HEIGHT {height}
#define IMAGE_WIDTH {width}
#define IMAGE_CHANNELS {channels}
#define CLASSES {classes} /* 0 for a model without */
#define IMAGE_BYTES (IMAGE_HEIGHT * IMAGE_WIDTH * IMAGE_CHANNELS)
/* latent = LATENT_SCALE * (integer - LATENT_ZERO_POINT); a pixel's byte is its integer + 128 */
#define LATENT_SCALE {scale!r}f
#define LATENT_ZERO_POINT ({zero_point})
#define EXAMPLES {examples}
/* What the file uses of TensorFlow Lite for Microcontrollers, for a MicroMutableOpResolver<MODEL_OPERATORS>. */
#define MODEL_OPERATORS {operator_count}
#define ADD_MODEL_OPERATORS(resolver) {operators}

extern const unsigned char model[MODEL_BYTES];
extern const int8_t example_latents[EXAMPLES][LATENT_DIM]; /* images 0 to {last} of seed {seed} */

#ifdef __cplusplus
}}
#endif
#endif
"""
SOURCE = """\
#include "model.h"

/* The format asks for 16 bytes. */
__attribute__((aligned(16))) const unsigned char model[MODEL_BYTES] = {{
{model}
}};

const int8_t example_latents[EXAMPLES][LATENT_DIM] = {{
{latents}
}};
"""


def write_c(
    decoder: Path, artifact: Mapping[str, Any], model: Mapping[str, Any], latents: np.ndarray, seed: int, folder: Path
) -> None:
    """Write `model.h` and `model.c`.

    Args:
        decoder: the integer decoder.
        artifact: what the manifest says of it.
        model: what the manifest says of the model.
        latents: float32 `[m, d]`, images 0 to m - 1 of a seed, to start from.
        seed: theirs.
        folder: where to write them.
    """
    content = decoder.read_bytes()
    form = artifact["quantization"]["latent"]
    operators = [f"(resolver).Add{_title(name)}()" for name in artifact["operators"]]
    header = HEADER.format(
        bytes=len(content),
        arena=artifact["arena_bytes"],
        latent_dim=latents.shape[1],
        height=model["image_shape"][0],
        width=model["image_shape"][1],
        channels=model["image_shape"][2],
        classes=model["classes"] or 0,
        scale=form["scale"],
        zero_point=form["zero_point"],
        examples=len(latents),
        operator_count=len(operators),
        operators="; ".join(operators),
        last=len(latents) - 1,
        seed=seed,
    )
    rows = [", ".join(map(str, row)) for row in to_integers(latents, form).tolist()]
    lines = [content[i : i + PER_LINE] for i in range(0, len(content), PER_LINE)]
    source = SOURCE.format(
        model="\n".join(",".join(map(str, line)) + "," for line in lines),
        latents="\n".join(f"{{{row}}}," for row in rows),
    )
    (folder / "model.h").write_text(header, "utf-8")
    (folder / "model.c").write_text(source, "utf-8")


def _title(operator: str) -> str:
    """Return an operator's name as `MicroMutableOpResolver` has it.

    Example:
        >>> _title("FULLY_CONNECTED"), _title("DEPTHWISE_CONV_2D")
        ('FullyConnected', 'DepthwiseConv2D')
    """
    return "".join(part.title() for part in operator.split("_"))
