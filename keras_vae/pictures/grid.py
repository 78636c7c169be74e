"""A batch of images as one picture: equal tiles in rows, small images magnified, written as a PNG file."""

import math
import os
from pathlib import Path

import numpy as np
from PIL import Image

from keras_vae.data.pixels import check_pixels
from keras_vae.files.written_whole import written_whole

SMALLEST_TILE = 64
BACKGROUND = 255
SQUARE, SHADE = 4, 0.8  # of the checkerboard behind what is transparent: pixels a side, and the darker gray


def magnification(height: int, width: int) -> int:
    """Return the integer factor that makes a tile's longer side at least 64 pixels; 1 for large images.

    Example:
        >>> magnification(8, 8), magnification(28, 28), magnification(256, 256)
        (8, 3, 1)
    """
    return max(1, math.ceil(SMALLEST_TILE / max(height, width)))


def image_grid(images: np.ndarray, columns: int | None = None, gap: int = 4, scale: int | None = None) -> np.ndarray:
    """Return the images as tiles of one picture, row by row, on white.

    Args:
        images: float `[n, height, width, channels]` in [0, 1]; of channels other than 1 or 3 what
            `visible` shows.
        columns: Tiles in a row; None (the default) makes the picture as square as possible.
        gap: White screen pixels between tiles and around them.
        scale: The integer by which each pixel is repeated; None (the default) takes `magnification`.

    Returns:
        uint8 `[rows * (height * scale + gap) + gap, columns * (width * scale + gap) + gap]` for gray images,
        with a last axis of 3 for colour. Places beyond the last image stay white.

    Raises:
        ValueError: For images that are no float batch in [0, 1], and for columns, gap or scale out of range.

    Example:
        >>> image_grid(np.zeros([6, 28, 28, 1]), columns=3).shape
        (180, 268)
    """
    images = np.asarray(images)
    check_pixels(images)
    images = visible(images.astype(np.float32))
    count, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(count)) if columns is None else columns
    scale = magnification(height, width) if scale is None else scale
    for name, value, least in (("columns", columns, 1), ("gap", gap, 0), ("scale", scale, 1)):
        if value < least:
            raise ValueError(f"{name} is {value}: expected an integer of at least {least}; choose a larger one")
    rows = math.ceil(count / columns)
    tiles = np.rint(images * 255).astype(np.uint8)
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    step_down, step_right = height * scale + gap, width * scale + gap
    grid = np.full([rows * step_down + gap, columns * step_right + gap, channels], BACKGROUND, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = gap + index // columns * step_down, gap + index % columns * step_right
        grid[top : top + height * scale, left : left + width * scale] = tile
    return grid[..., 0] if channels == 1 else grid


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


def save_png(array: np.ndarray, path: str | os.PathLike[str]) -> Path:
    """Write a picture as PNG, beside its place first and then renamed, so that no half-written file is left.

    The file carries no date and no program's name: equal arrays give equal bytes.

    Args:
        array: uint8 `[height, width]`, or `[height, width, 3]` for colour.
        path: Where to write, ending in ".png", in a folder that exists. A file that is there is replaced.

    Returns:
        The path written.

    Raises:
        ValueError: For an array of another shape or dtype, or another ending.
        OSError: If the folder is missing or the file cannot be written.
    """
    array, path = np.asarray(array), Path(path)
    is_picture = array.dtype == np.uint8 and (array.ndim == 2 or (array.ndim == 3 and array.shape[-1] == 3))
    if not is_picture or array.size == 0:
        raise ValueError(
            f"picture is {array.dtype} {list(array.shape)}: expected uint8 [height, width] or [height, width, 3]; "
            "make one with image_grid"
        )
    if path.suffix.lower() != ".png":
        raise ValueError(f"path is {str(path)!r}: expected a name ending in .png; write PNG files")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is not a folder: expected a folder for {path.name}; create it first")
    with written_whole(path) as beside, beside.open("wb") as file:
        Image.fromarray(np.ascontiguousarray(array)).save(file, format="PNG")
    return path
