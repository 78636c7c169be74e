"""A split of images in memory."""

import dataclasses
import math

import numpy as np

MAX_BYTES = 8 * 10**9


@dataclasses.dataclass(frozen=True)
class ImageArrays:
    """The images of one split, read once.

    Attributes:
        images: uint8 `[n, height, width, channels]`, 0 to 255.
        labels: int32 `[n]`, or None where the source has no classes.
        class_names: The names of the classes in the order of their numbers, or None.
        split: The split that was asked for, such as "train" or "test[:50%]"; it keys the random streams.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] | None = None
    split: str = "train"

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(
                f"images are {self.images.dtype} {list(self.images.shape)}: expected uint8 [n, height, width, "
                "channels]; convert them first"
            )
        if self.labels is not None and self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"labels have shape {list(self.labels.shape)}: expected [{len(self.images)}]; give one label an image"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.images.shape[1:]


def empty_images(count: int, image_shape: tuple[int, ...], source: str) -> np.ndarray:
    """Return an unfilled uint8 array for `count` images, refusing one over 8 GB before anything is read.

    Raises:
        ValueError: If the array would exceed `MAX_BYTES`.
    """
    size = count * math.prod(image_shape)
    if size > MAX_BYTES:
        raise ValueError(
            f"{source} has {count} images of {'x'.join(map(str, image_shape))}, {size / 1e9:.1f} GB in memory: "
            f"expected at most {MAX_BYTES / 1e9:g} GB; choose a smaller --image-size, or a slice such as "
            'split="train[:10%]"'
        )
    return np.empty((count, *image_shape), np.uint8)
