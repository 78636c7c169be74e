"""A folder of the user's own images."""

import dataclasses
import itertools
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.folder.classes import Example
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
from keras_vae.data.folder.layout import Layout, read_layout
from keras_vae.data.gather import gather
from keras_vae.data.prepared_file import Block, Gathered, PreparedFile, stat_of
from keras_vae.data.resize import resize_and_crop
from keras_vae.data.splits import choose

MIXED_SIZE = (64, 64)
BLOCK = 256

_log = logging.getLogger("keras_vae.data.folder")


def load_folder(
    root: str | os.PathLike[str],
    split: str = "train",
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    skip_corrupt: bool = False,
    memory_budget: float | None = None,
) -> ImageArrays:
    """Read the images of a folder.

    Folders called train or training, val, valid or validation, test or testing, in any case, are splits, at the top or
    in each class. Without images for testing those for validation stand in; without both, a tenth of all, by the hash
    of their relative paths. The uppermost folders of a split are its classes, unless most of its images lie in none.
    Links are followed.

    One line says how a folder is read: a warning of the logger "keras_vae.data.folder" where something is passed over
    or may not be meant, else for its information.

    Images are turned as their EXIF orientation says, brought to sRGB, and transparent ones are laid on white,
    unless `channels` is 4. Pixels
    of more than 8 bits are scaled by the brightest of the folder, to the bits that it needs. Of several frames the
    first is read. Arguments, returns and errors are those of `load.load_arrays`.
    """
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise ValueError(
            f"{str(root)!r} is not a folder: expected a folder of images or a dataset's name; check the path"
        )
    layout = read_layout(folder)
    chosen = choose(layout.splits, split, f"folder {folder}")
    with large_files_allowed():
        return _read(folder, layout, chosen, split, image_size, channels, skip_corrupt, memory_budget)


def _read(
    folder: Path,
    layout: Layout,
    chosen: list[Example],
    split: str,
    image_size: tuple[int, int] | None,
    channels: int | None,
    skip_corrupt: bool,
    memory_budget: float | None,
) -> ImageArrays:
    # of all splits: those to test with share the whites of those to train on
    stats = {example.path: stat_of(example.path) for examples in layout.splits.values() for example in examples}
    file = PreparedFile(
        {"folder": str(folder.resolve()), "split": split, "image_size": image_size, "channels": channels},
        [[str(path.relative_to(folder)), *stat] for path, stat in sorted(stats.items())],
    )
    gathered = file.read() or _gather(file, folder, layout, chosen, image_size, channels, stats, memory_budget)
    arrays, failed, frames = gathered.arrays, gathered.failed, gathered.facts["frames"]
    whites = gathered.facts["whites"] and Whites(*gathered.facts["whites"])
    if failed and not (skip_corrupt and len(arrays)):
        raise unreadable(failed, f"{len(chosen)} images of folder {folder}", bool(len(arrays)))
    _tell(
        folder,
        layout,
        f"the images differ in size: all are made {MIXED_SIZE[0]} x {MIXED_SIZE[1]}, or choose an image size"
        if gathered.facts["mixed"]
        else "",
        whites.remark() if whites else "",
        f"the first frame alone of {frames} image{'s' if frames > 1 else ''}" if frames else "",
        f"left out {len(failed)} unreadable images" if failed else "",
    )
    return dataclasses.replace(arrays, class_names=layout.class_names, split=split, whites=whites)


def _gather(
    file: PreparedFile,
    folder: Path,
    layout: Layout,
    chosen: list[Example],
    image_size: tuple[int, int] | None,
    channels: int | None,
    stats: Mapping[Path, list[int]],
    memory_budget: float | None,
) -> Gathered:
    headers, corrupt = read_headers(_paths(chosen))
    sizes = {header.size for header in headers.values()}
    mixed = image_size is None and len(sizes) != 1
    size = image_size or (MIXED_SIZE if mixed else next(iter(sizes)))
    channels = channels or (3 if any(header.coloured for header in headers.values()) else 1)
    whites = None
    if any(header.deep for header in headers.values()):
        # of all splits: those to test with are scaled as those to train on
        everything = itertools.chain.from_iterable(layout.splits.values())
        whites = whites_of(read_headers(_paths(everything))[0])

    def read(path: Path) -> np.ndarray | str:
        """Return an image, or why there is none."""
        if path in corrupt:
            return corrupt[path]
        try:
            image = read_pixels(path, channels, whites or Whites(), size)
            unchanged = stat_of(path) == stats[path]
        except UNREADABLE as error:
            return why(error)
        if not unchanged:
            raise ValueError(f"{path} has changed while folder {folder} was read: expected it to stay; read it again")
        return resize_and_crop(image, size)

    def blocks(start: int) -> Iterator[Block]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for first in range(start, len(chosen), BLOCK):
                examples = chosen[first : first + BLOCK]
                found = list(zip(examples, pool.map(read, _paths(examples)), strict=True))
                kept = [(example.label, image) for example, image in found if not isinstance(image, str)]
                labels = [label for label, _ in kept]
                yield Block(
                    np.array([image for _, image in kept], np.uint8).reshape(-1, *size, channels),
                    None if None in labels else labels,
                    first + len(examples),
                    {str(example.path): reason for example, reason in found if isinstance(reason, str)},
                )

    frames = sum(header.frames for header in headers.values())
    facts = {"frames": frames, "mixed": mixed, "whites": whites}
    return gather(file, len(chosen), (*size, channels), blocks, memory_budget, facts)


def _paths(examples: Iterable[Example]) -> list[Path]:
    return [example.path for example in examples]


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
