"""Images that were read, resized and written once, as a file of the user's cache from which rows are read."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import math
import mmap
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from rich.console import Console
from rich.progress import Progress

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.cache import cache_folder
from keras_vae.files.digest import sha256
from keras_vae.files.written_whole import write_json

# Of the files' form, and of how pixels are made of a source: raise it when either changes.
VERSION = 3
_IMAGES, _LABELS, _ABOUT, _PROGRESS = "images.uint8", "labels.int32", "about.json", "progress.json"
_BEGINNING = {"done": 0, "rows": 0, "labels": True, "failed": {}}


@dataclasses.dataclass(frozen=True)
class Block:
    """Some images of a source.

    Attributes:
        images: uint8 `[k, H, W, C]`.
        labels: of each, or None where the source has no classes.
        done: how many of the source's items were used up by this block and those before.
        failed: why some of these gave no image, by their names.
    """

    images: np.ndarray
    labels: Sequence[int] | None
    done: int
    failed: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Gathered:
    """What came of a source.

    Attributes:
        arrays: its images, and labels where blocks have some.
        failed: why items gave no image, by their names.
        facts: what is remembered of the images, in JSON's types.
    """

    arrays: ImageArrays
    failed: Mapping[str, str]
    facts: Mapping[str, Any]


class PreparedFile:
    """Images in the user's cache: written beside and renamed when whole, by one process at a time.

    A killed preparation goes on where it was. One of the same source in another state replaces it.

    Args:
        source: what the images are of, in JSON's types.
        state: what tells whether the source has changed, in JSON's types.
    """

    def __init__(self, source: Mapping[str, Any], state: Any) -> None:
        self._root = cache_folder() / "images"
        self._source = _hash({"version": VERSION, **source})
        self._place = self._root / f"{self._source}-{_hash(state)}"
        self._beside = self._place.with_name(f".{self._place.name}.unfinished")

    def read(self) -> Gathered | None:
        """Return the images, or None unless they are there and whole."""
        try:
            about = json.loads((self._place / _ABOUT).read_text("utf-8"))
            shape = tuple(about["shape"])
            with (self._place / _IMAGES).open("rb") as file:
                mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            labels = np.fromfile(self._place / _LABELS, np.int32) if about["labels"] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if len(mapping) != math.prod(shape) or (labels is not None and len(labels) != shape[0]):
            return None
        images = np.frombuffer(mapping, np.uint8).reshape(shape)
        arrays = ImageArrays(images, labels, mapping=mapping, sha256=about["sha256"])
        return Gathered(arrays, about["failed"], about["facts"])

    def write(
        self,
        count: int,
        image_shape: tuple[int, ...],
        blocks: Callable[[int], Iterator[Block]],
        facts: Mapping[str, Any],
    ) -> Gathered:
        """Write the images, unless another process has by the time that it lets us, and return them.

        Args:
            count: of the source's items.
            image_shape: (height, width, channels).
            blocks: gives the blocks from some item on, in the source's order.
            facts: what to remember of the images, in JSON's types.

        Raises:
            OSError: a cache folder without room, or that cannot be written.
        """
        size = count * math.prod(image_shape)
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with FileLock(self._root / f".{self._place.name}.lock"):
                if found := self.read():
                    return found
                self._check_room(size)
                self._fill(count, image_shape, blocks, facts)
                shutil.rmtree(self._place, ignore_errors=True)  # cut short, or of another form
                self._beside.rename(self._place)
        except OSError as error:
            raise OSError(
                f"{self._root} cannot hold {size / 1e9:.1f} GB of prepared images ({error.strerror or error}): "
                "expected a folder with room; set XDG_CACHE_HOME to another disk, or choose a smaller --image-size or "
                'a slice such as split="train[:10%]"'
            ) from error
        self._forget_others()
        written = self.read()
        assert written is not None, "it was just written"
        return written

    def _check_room(self, size: int) -> None:
        unfinished = self._beside / _IMAGES
        missing = size - (unfinished.stat().st_size if unfinished.is_file() else 0)
        free = shutil.disk_usage(self._root).free
        if missing > free:
            raise OSError(f"{free / 1e9:.1f} GB are free")

    def _fill(
        self,
        count: int,
        image_shape: tuple[int, ...],
        blocks: Callable[[int], Iterator[Block]],
        facts: Mapping[str, Any],
    ) -> None:
        self._beside.mkdir(exist_ok=True)
        progress = self._progress(math.prod(image_shape))
        with (
            (self._beside / _IMAGES).open("ab") as images,
            (self._beside / _LABELS).open("ab") as labels,
            Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar,
        ):
            images.truncate(progress["rows"] * math.prod(image_shape))
            labels.truncate(4 * progress["rows"])
            task = bar.add_task("preparing images", total=count, completed=progress["done"])
            for block in blocks(progress["done"]):
                images.write(np.ascontiguousarray(block.images).data)
                if block.labels is None:
                    progress["labels"] = False
                else:
                    labels.write(np.array(block.labels, np.int32).tobytes())
                progress |= {"done": block.done, "rows": progress["rows"] + len(block.images)}
                progress["failed"] |= block.failed
                images.flush()
                labels.flush()
                write_json(progress, self._beside / _PROGRESS)
                bar.update(task, completed=block.done)
        digest = sha256(self._beside / _IMAGES)
        about = {
            "shape": [progress["rows"], *image_shape],
            "labels": progress["labels"],
            "failed": progress["failed"],
            "facts": dict(facts),
            "sha256": digest,
        }
        write_json(about, self._beside / _ABOUT)
        (self._beside / _PROGRESS).unlink()

    def _progress(self, image_bytes: int) -> dict[str, Any]:
        """Return how far a killed preparation came; nowhere, if the disk has less of it, as after a power cut."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            progress = json.loads((self._beside / _PROGRESS).read_text("utf-8"))
            sizes = [(self._beside / name).stat().st_size for name in (_IMAGES, _LABELS)]
            wanted = [progress["rows"] * image_bytes, 4 * progress["rows"] * progress["labels"]]
            if progress.keys() == _BEGINNING.keys() and all(map(int.__ge__, sizes, wanted)):
                return progress
        return {**_BEGINNING, "failed": {}}

    def _forget_others(self) -> None:
        """Remove what was made of the same source in another state."""
        for path in (*self._root.glob(f"{self._source}-*"), *self._root.glob(f".{self._source}-*")):
            if path != self._place:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:20]


def stat_of(path: Path) -> list[int]:
    """Return what tells whether a file has changed: its size and time, `[bytes, nanoseconds]`."""
    found = os.stat(path)
    return [found.st_size, found.st_mtime_ns]
