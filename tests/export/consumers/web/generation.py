"""What the page's script generates, asked for from outside."""

import numpy as np


def draw_latents(page, index, seed, temperature=1.0):
    found = page.evaluate(
        "async (asked) => Array.from((await kerasVae.generate(...asked)).latent)", [list(index), seed, temperature]
    )
    return np.array(found, np.float32)


def generate(page, index, seed, temperature=1.0):
    found = page.evaluate(
        "async ([index, seed, temperature]) => {"
        "  const {image, latent} = await kerasVae.generate(index, seed, temperature);"
        "  return [Array.from(image), Array.from(latent)]; }",
        [list(index), seed, temperature],
    )
    return [np.array(part, np.float32) for part in found]
