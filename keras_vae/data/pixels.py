"""The check that images are what the model takes: float pixels in [0, 1]."""

import numpy as np

from keras_vae.checks.channels import MOST_CHANNELS
from keras_vae.data.as_array import as_array

# So far out of [0, 1] pixels may be: arithmetic on float32 rounds.
ROUNDING = 1e-5


def check_pixels(images: np.ndarray, name: str = "images", image_shape: tuple[int, ...] | None = None) -> None:
    """Raise unless `images` is a batch of finite float pixels in [0, 1].

    Args:
        images: The batch, expected as float `[n, height, width, channels]` with 1 to 16 channels.
        name: What to call the batch in messages.
        image_shape: The `(height, width, channels)` that the images must have; None (the default) allows any.

    Raises:
        ValueError: For a wrong rank, shape, number of channels or dtype, for values that are not finite and
            for values outside [0, 1], each in one line that names what came and the mend.

    Example:
        >>> check_pixels(np.full([2, 8, 8, 1], 0.5, np.float32))
        >>> check_pixels(np.full([2, 8, 8, 1], 255.0, np.float32))
        Traceback (most recent call last):
        ...
        ValueError: the pixels of images are 255 to 255: expected pixels in [0, 1]; divide by 255
    """
    images = as_array(name, images)
    expected = "[n, height, width, channels]" if image_shape is None else f"[n, {', '.join(map(str, image_shape))}]"
    shape = f"the shape of {name} is {list(images.shape)}"
    if images.ndim != 4:
        mend = {
            2: "add the batch and channel axes with images[None, :, :, None]",
            3: "add the missing axis: images[..., None] for gray images, images[None] for a single image",
        }.get(images.ndim, "reshape them")
        raise ValueError(f"{shape}: expected rank 4, {expected}; {mend}")
    if image_shape is not None and images.shape[1:] != tuple(image_shape):
        raise ValueError(f"{shape}: expected {expected}; resize, or train on this size")
    if not 1 <= images.shape[-1] <= MOST_CHANNELS:
        raise ValueError(f"{shape}: expected 1 to {MOST_CHANNELS} channels; put the channels last")
    # bfloat16, which NumPy only knows as a void type with a name, is as good a float as any
    if not (np.issubdtype(images.dtype, np.floating) or images.dtype.name == "bfloat16"):
        raise ValueError(
            f"the dtype of {name} is {images.dtype}: expected float pixels in [0, 1]; convert with "
            + ("images.astype('float32') / 255" if images.dtype == np.uint8 else "images.astype('float32')")
        )
    if images.size == 0:
        raise ValueError(f"{shape}: expected at least one image; pass some")
    low, high = float(images.min()), float(images.max())  # NaN if a pixel is
    if not np.isfinite(high - low):
        unusable = images.size - int(np.count_nonzero(np.isfinite(images)))
        raise ValueError(
            f"the pixels of {name} are NaN or infinite in {unusable} of {images.size}: expected finite pixels in "
            "[0, 1]; drop or correct those images"
        )
    if low < -ROUNDING or high > 1 + ROUNDING:
        if low >= -0.5 and high <= 1.5:
            mend = "clip them, as after resizing, with images.clip(0, 1)"
        elif low < 0:
            mend = "rescale the images, (images + 1) / 2 if they span [-1, 1]" if high <= 1 else "rescale the images"
        else:
            mend = "divide by 255" if high <= 255 else "rescale the images"
        raise ValueError(f"the pixels of {name} are {low:.8g} to {high:.8g}: expected pixels in [0, 1]; {mend}")
