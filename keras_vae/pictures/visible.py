"""What a picture can show of images of any channels."""

import numpy as np

SQUARE = 4  # pixels a side
SHADE = 0.8


def visible(images: np.ndarray) -> np.ndarray:
    """Return images as gray or colour, which are left as they are.

    Of four channels the last is transparency: the others are laid on a light checkerboard. Of any other number the
    first alone is shown, as gray. The programs of a bundle show the same.

    Args:
        images: float32 `[n, height, width, channels]` in [0, 1].

    Returns:
        float32 `[n, height, width, 1 or 3]`.

    Example:
        >>> visible(np.array([[[[1, 0, 0, 1], [1, 0, 0, 0.5], [1, 0, 0, 0]]]], np.float32)).tolist()
        [[[[1.0, 0.0, 0.0], [1.0, 0.5, 0.5], [1.0, 1.0, 1.0]]]]
    """
    channels = images.shape[-1]
    if channels == 4:
        squares = np.add.outer(*(np.arange(side) // SQUARE for side in images.shape[1:3])) % 2
        ground = np.where(squares, SHADE, 1).astype(np.float32)[..., None]
        colours, alpha = images[..., :3], images[..., 3:]
        return colours * alpha + ground * (1 - alpha)
    return images if channels in (1, 3) else images[..., :1]
