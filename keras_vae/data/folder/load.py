"""A folder of the user's own images, read into memory."""

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from keras_vae.data.arrays import ImageArrays, empty_images
from keras_vae.data.folder.classes import Example
from keras_vae.data.folder.deep import Whites
from keras_vae.data.folder.image_file import (
    UNREADABLE,
    Header,
    large_files_allowed,
    levels_of,
    read_header,
    read_pixels,
    why,
)
from keras_vae.data.folder.layout import Layout, read_layout
from keras_vae.data.resize import resizer
from keras_vae.data.splits import choose

MIXED_SIZE = (64, 64)

_log = logging.getLogger("keras_vae.data.folder")


def load_folder(
    root: str | os.PathLike[str],
    split: str = "train",
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    skip_corrupt: bool = False,
) -> ImageArrays:
    """Read the images of a folder.

    Folders called train or training, val, valid or validation, test or testing, in any case, are splits, at the top or
    in each class. Without images for testing those for validation stand in; without both, a tenth of all, by the hash
    of their relative paths. The uppermost folders of a split are its classes, unless most of its images lie in none.
    Links are followed.

    One line says how a folder is read: a warning of the logger "keras_vae.data.folder" where something is passed over
    or may not be meant, else for its information.

    Images are turned as their EXIF orientation says, brought to sRGB, and transparent ones are laid on white. Pixels
    of more than 8 bits are scaled by the brightest of the folder, to the bits that it needs. Of several frames the
    first is read. Arguments, returns and errors are those of `load.load_arrays`.
    """
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise ValueError(f"{str(root)!r} is no folder: expected a folder of images or a dataset's name; check the path")
    layout = read_layout(folder)
    chosen = choose(layout.splits, split, f"folder {folder}")
    with large_files_allowed():
        return _read(folder, layout, chosen, split, image_size, channels, skip_corrupt)


def _read(
    folder: Path,
    layout: Layout,
    chosen: list[Example],
    split: str,
    image_size: tuple[int, int] | None,
    channels: int | None,
    skip_corrupt: bool,
) -> ImageArrays:
    headers, corrupt = _headers(chosen)
    sizes = {header.size for header in headers.values()}
    size = image_size or (next(iter(sizes)) if len(sizes) == 1 else MIXED_SIZE)
    channels = channels or (3 if any(header.coloured for header in headers.values()) else 1)
    images = empty_images(len(chosen), (*size, channels), f"folder {folder}")
    whites = _whites(layout) if any(header.deep for header in headers.values()) else Whites()
    kept, fit = [], resizer(size, channels)
    for example in chosen:
        if example.path in corrupt:
            continue
        try:
            image = read_pixels(example.path, channels, whites, size)
        except UNREADABLE as error:
            corrupt[example.path] = why(error)
            continue
        if image.shape[:2] != size:
            image = fit(image)
        images[len(kept)] = image
        kept.append(example)
    if corrupt and not (skip_corrupt and kept):
        named = ", ".join(f"{path}: {corrupt[path]}" for path in sorted(corrupt)[:3])
        mend = "pass --skip-corrupt (skip_corrupt=True) to leave them out, or mend them" if kept else "mend them"
        raise ValueError(
            f"{len(corrupt)} of {len(chosen)} images of folder {folder} cannot be read ({named}"
            f"{', ...' if len(corrupt) > 3 else ''}): expected whole images; {mend}"
        )
    frames = sum(header.frames for header in headers.values())
    _tell(
        folder,
        layout,
        whites.remark(),
        f"the first frame alone of {frames} image{'s' if frames > 1 else ''}" if frames else "",
        f"left out {len(corrupt)} unreadable images" if corrupt else "",
    )
    labels = [example.label for example in kept]
    return ImageArrays(
        images[: len(kept)], None if None in labels else np.array(labels, np.int32), layout.class_names, split
    )


def _headers(examples: Iterable[Example]) -> tuple[dict[Path, Header], dict[Path, str]]:
    """Return the headers of files by their paths, and why others have none."""
    headers, corrupt = {}, {}
    for example in examples:
        try:
            headers[example.path] = read_header(example.path)
        except UNREADABLE as error:
            corrupt[example.path] = why(error)
    return headers, corrupt


def _whites(layout: Layout) -> Whites:
    """Return what is white in the deep images of all splits: those to test with are scaled as those to train on."""
    headers, _ = _headers(example for examples in layout.splits.values() for example in examples)

    def levels() -> Iterator[np.ndarray]:
        for path, header in headers.items():
            # what cannot be read is told by its split
            with contextlib.suppress(*UNREADABLE):
                if header.deep:
                    yield levels_of(path)

    return Whites.of(levels())


class _Once(logging.Filter):
    """Says a line once: the splits of a folder are read one by one."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if line in self._said:
            return False
        self._said.add(line)
        return True


_log.addFilter(_Once())


def _tell(folder: Path, layout: Layout, *remarks: str) -> None:
    said = [*layout.remarks, *filter(None, remarks)]
    _log.log(logging.WARNING if said else logging.INFO, "; ".join([f"{folder}: {layout.summary}", *said]))
