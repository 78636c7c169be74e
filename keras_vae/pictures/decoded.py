"""Images that come out of a model, checked and made fit to be shown."""

from collections.abc import Callable

import numpy as np

from keras_vae.data.pixels import check_pixels

Decode = Callable[[np.ndarray], np.ndarray]
"""From latents float32 `[n, latent_dim]` to images float `[n, height, width, channels]`: mean of p(x|z)."""


def shown_images(images: np.ndarray, name: str = "images") -> np.ndarray:
    """Return a model's images as float32 in [0, 1], those that leave the interval clipped to it.

    The mean of a normal p(x|z) is not bounded, so a pixel beyond [0, 1] is no mistake of the caller's here.

    Args:
        images: float `[n, height, width, channels]`.
        name: What to call them in messages.

    Raises:
        ValueError: For another rank, number of channels or dtype, and for NaN.

    Example:
        >>> shown_images(np.array([-0.5, 0.25, 2.0]).reshape(1, 1, 3, 1)).ravel().tolist()
        [0.0, 0.25, 1.0]
    """
    images = np.asarray(images)
    clipped = np.clip(images, 0, 1).astype(np.float32) if np.issubdtype(images.dtype, np.floating) else images
    check_pixels(clipped, name)
    return clipped


def decoded_images(decode: Decode, z: np.ndarray) -> np.ndarray:
    """Decode latents and return one image a latent, as `shown_images` gives them.

    Args:
        decode: From float32 `[n, latent_dim]` to images float `[n, height, width, channels]`.
        z: float `[n, latent_dim]`.

    Raises:
        ValueError: If decode returns anything but one image a latent.
    """
    images = shown_images(decode(np.asarray(z, np.float32)), "what decode returns")
    if len(images) != len(z):
        raise ValueError(
            f"decode returns {len(images)} images for {len(z)} latents: expected {len(z)}; return one each"
        )
    return images
