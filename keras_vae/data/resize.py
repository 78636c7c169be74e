"""Images of any size brought to one: aspect kept, centre cropped."""

import numpy as np
from PIL import Image


def resize_and_crop(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale an image until it covers `size`, keeping its aspect, and cut out the centre.

    Args:
        image: uint8 `[h, w, channels]`; of four channels the last is transparency.
        size: The height and width wanted.

    Returns:
        uint8 `[height, width, channels]`; an image that already has the size comes back unchanged.
    """
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    scale = np.float32(max(np.float32(height) / image.shape[0], np.float32(width) / image.shape[1]))
    covering = (max(int(np.rint(image.shape[1] * scale)), width), max(int(np.rint(image.shape[0] * scale)), height))
    top, left = (covering[1] - height) // 2, (covering[0] - width) // 2
    pixels = image.astype(np.float32)
    if image.shape[2] == 4:
        pixels[..., :3] *= pixels[..., 3:]  # what is transparent has no colour that may show beside it
    # the filter grows with the scale: a shrunk image is an average of all pixels, not a choice of a few
    resized = [
        np.asarray(Image.fromarray(channel).resize(covering, Image.Resampling.BILINEAR))
        for channel in np.moveaxis(pixels, -1, 0)
    ]
    cut = np.stack([channel[top : top + height, left : left + width] for channel in resized], axis=-1)
    if image.shape[2] == 4:
        cut[..., :3] = np.divide(cut[..., :3], cut[..., 3:], out=np.zeros_like(cut[..., :3]), where=cut[..., 3:] > 0)
    return np.rint(cut).clip(0, 255).astype(np.uint8)
