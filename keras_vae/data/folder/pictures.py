"""Pictures by name, as a training would see them: files of the user's own that are to be judged one by one."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_vae.checks.channels import check_picture_channels
from keras_vae.checks.memory import check_fits_memory
from keras_vae.data.folder.deep import Whites
from keras_vae.data.folder.image_file import (
    UNREADABLE,
    large_files_allowed,
    read_headers,
    read_pixels,
    unreadable,
    whites_of,
    why,
)
from keras_vae.data.folder.listing import Listing
from keras_vae.data.labels import place_of
from keras_vae.data.resize import resize_and_crop

_log = logging.getLogger("keras_vae.data.folder")


class Pictures(NamedTuple):
    """Images and the files that they come from, sorted by their names.

    Attributes:
        paths: one for each image, as they were given or found.
        images: uint8 `[n, height, width, channels]`.
        changed: how many of the files have another size, or colours where the images are gray.
    """

    paths: list[Path]
    images: np.ndarray
    changed: int


def read_pictures(
    places: Sequence[Path],
    image_shape: tuple[int, int, int],
    skip_corrupt: bool = False,
    whites: Whites | None = None,
) -> Pictures:
    """Read image files, and those of folders with all that lies in them, as `load_folder` reads a split.

    They are turned, brought to sRGB and to one size alike.

    Args:
        places: files and folders.
        image_shape: (height, width, channels) of the images wanted.
        skip_corrupt: leave out what cannot be read; False by default.
        whites: of pixels of more than 8 bits, as in training. By default they are told from what is given here, so that
            an image then depends on those beside it.

    Raises:
        ValueError: a place that does not exist or holds no images, files that cannot be read, more than fits in memory.
    """
    *size, channels = image_shape
    size = tuple(size)
    check_picture_channels(channels)
    paths = list(dict.fromkeys(path for place in places for path in _files(place)))
    check_fits_memory(f"{len(paths)} images", 5 * len(paths) * float(np.prod(image_shape)), "give fewer at a time")
    with large_files_allowed():
        headers, failed = read_headers(paths)
        guessed = whites_of(headers) if whites is None else None
        scale = whites or guessed or Whites()

        def read(path: Path) -> np.ndarray | str:
            """Return an image, or why there is none."""
            try:
                return resize_and_crop(read_pixels(path, channels, scale, size), size)
            except UNREADABLE as error:
                return why(error)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = dict(zip(headers, pool.map(read, headers), strict=True))
    failed |= {path: reason for path, reason in found.items() if isinstance(reason, str)}
    kept = [path for path in paths if path not in failed]
    if failed and not (skip_corrupt and kept):
        raise unreadable(failed, f"{len(paths)} images", bool(kept))
    remarks = [
        guessed.remark() if guessed else "",
        f"left out {len(failed)} unreadable images" if failed else "",
    ]
    if any(remarks):
        _log.warning("; ".join(filter(None, remarks)))
    changed = sum(headers[path].size != size or (headers[path].coloured and channels == 1) for path in kept)
    return Pictures(kept, np.array([found[path] for path in kept], np.uint8), changed)


def _files(place: Path) -> list[Path]:
    if place.is_dir():
        listing = Listing(place)
        listing.add(place)
        listing.check_images(place)
        return listing.images
    if not place.is_file():
        raise ValueError(f"{place} is not a file or folder: expected image files or folders of them; check the path")
    return [place]


def labels_of_folders(
    paths: Sequence[Path], places: Sequence[Path], classes: int, names: Sequence[str] | None
) -> np.ndarray:
    """Return the classes of files by the folders in which they lie, int32 `[n]`.

    As in training, it is the uppermost below a place that is named as a class; without one the innermost above.

    Args:
        paths: of the files.
        places: the files and folders that were given, in which they lie.
        classes: how many there are.
        names: of the classes; their numbers are theirs without.

    Raises:
        ValueError: a file in no such folder; one in such a folder of a place that is itself named as another class.

    Example:
        >>> paths = [Path("new/dog/1.png"), Path("cat/2.png")]
        >>> labels_of_folders(paths, [Path("new"), Path("cat/2.png")], 2, ["cat", "dog"]).tolist()
        [1, 0]
    """
    known = tuple(names or map(str, range(classes)))

    number_of = functools.cache(lambda folder: place_of(folder, known))  # many files lie in few folders

    def numbers(folders: Sequence[str]) -> list[int]:
        return [number for folder in folders if (number := number_of(folder)) is not None]

    labels = []
    for path in paths:
        place = next(place for place in places if path.is_relative_to(place))
        below = numbers(path.relative_to(place).parts[:-1])
        around = Path(os.path.abspath(place.parent if place == path else place))
        above = numbers(around.parts)
        if not below and not above:
            raise ValueError(
                f"label of {path} is None: expected it in a folder called {', '.join(known[:10])}"
                f"{', ...' if len(known) > 10 else ''}, as the classes are; move it, or give one --label for all"
            )
        found = below[0] if below else above[-1]
        if numbers([around.name]) not in ([], [found]):
            raise ValueError(
                f"label of {path} is {around.name} or {known[found]}: expected a folder of one class; give the "
                "folder that all classes are in, or one --label for all"
            )
        labels.append(found)
    return np.array(labels, np.int32)
