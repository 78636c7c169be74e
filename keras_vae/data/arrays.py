"""The images of a split, by rows: in memory, or in a file that rows are read from."""

from __future__ import annotations

import dataclasses
import hashlib
import mmap

import numpy as np


@dataclasses.dataclass(frozen=True)
class ImageArrays:
    """The images of one split.

    Attributes:
        images: uint8 `[n, height, width, channels]`, 0 to 255.
        labels: int32 `[n]`, or None where the source has no classes.
        class_names: The names of the classes in the order of their numbers, or None.
        split: The split that was asked for, such as "train" or "test[:50%]"; it keys the random streams.
        mapping: The mapping that holds `images`, where they stand in a file; None where they are in memory.
        sha256: Of the pixels, where it is known; see `digest`.
        whites: What is white in pixels of more than 8 bits, of whole numbers and of floats; None where the source has
            none such.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] | None = None
    split: str = "train"
    mapping: mmap.mmap | None = dataclasses.field(default=None, repr=False)
    sha256: str | None = None
    whites: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise ValueError(
                f"images are {self.images.dtype} {list(self.images.shape)}: expected uint8 [n, height, width, "
                "channels]; convert them first"
            )
        if self.labels is not None and self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"labels have shape {list(self.labels.shape)}: expected [{len(self.images)}]; give one label per image"
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.images.shape[1:]

    def take(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return some images, copied; of a file no more than these stay in the process' memory."""
        taken = np.array(self.images[rows])
        if self.mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.mapping.madvise(mmap.MADV_DONTNEED)  # they stay in the system's cache
        return taken

    def digest(self) -> str:
        """Return the SHA-256 of the pixels, row after row."""
        return self.sha256 or hashlib.sha256(np.ascontiguousarray(self.images).data).hexdigest()
