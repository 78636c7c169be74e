"""The noise of scores: a function of the seed and the row's number, the same in every runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

SAMPLES = 16  # of the posterior, an image, by default and in every exported file
RULE = "sample k of row i has the noise that the generator draws for image i * importance_samples + k"


def row_noise(
    seed: tf.Tensor | int, index: tf.Tensor, latent_dim: int, samples: int, first: int = 0, count: int | None = None
) -> tf.Tensor:
    """Return standard normal noise float32 `[count, n, latent_dim]` of rows, by the portable generator.

    Sample k of row i is what the generator draws for image `i * samples + k`: a row's noise depends on the seed and its
    number alone, and no two rows share any.

    Args:
        seed: int32 `[]`.
        index: the rows' numbers, int32 `[n]`, not negative and below 2**31 / samples.
        latent_dim: width of the latent.
        samples: of each row.
        first: the number of the first sample; 0 by default.
        count: how many; all by default.
    """
    import tensorflow as tf

    from keras_vae.random.portable import latents

    count = samples if count is None else count
    drawn = index[tf.newaxis, :] * samples + tf.range(first, first + count)[:, tf.newaxis]
    noise = latents(seed, tf.reshape(drawn, [-1]), latent_dim, 1.0)
    return tf.reshape(noise, [count, -1, latent_dim])
