"""The files below a folder: links are followed, and no folder is read twice."""

import os
from collections import Counter
from pathlib import Path

from keras_vae.data.folder.kinds import readable_suffixes


class Listing:
    """What lies below some folders of a root; hidden files and folders are passed over without a word.

    Attributes:
        images: the files that end as images do, sorted.
        others: how many files end in something else, by that.
        empty: folders without images below them, the uppermost ones, sorted.
        read_already: links to folders that are read elsewhere, or that lead back to where they lie.
    """

    def __init__(self, root: Path) -> None:
        self.images: list[Path] = []
        self.others: Counter[str] = Counter()
        self.empty: list[Path] = []
        self.read_already: list[Path] = []
        self._suffixes = readable_suffixes()
        self._seen: set[tuple[int, int]] = set()
        self.shut(root.resolve().parent)

    def shut(self, folder: Path) -> None:
        """Do not read a folder, nor those above it, even if something links to them."""
        real = folder.resolve()
        self._seen.update(map(_identity, (real, *real.parents)))

    def add(self, *folders: Path) -> None:
        """List what lies below some folders."""
        visited, waiting, links = [], list(reversed(folders)), []
        while waiting or links:
            # what is there comes before what is linked to: a link to a sibling must not take its images
            here = waiting.pop() if waiting else links.pop(0)
            if _identity(here) in self._seen:
                self.read_already.append(here)
                continue
            self._seen.add(_identity(here))
            visited.append(here)
            for path in visible(here):
                if not path.is_dir():
                    self._add_file(path)
                elif path.is_symlink():
                    links.append(path)
                else:
                    waiting.append(path)
        self.images.sort()
        holding = {image.parent for image in self.images}
        holding |= {above for folder in holding for above in folder.parents}
        empty = set(visited) - holding
        self.empty = sorted(path for path in empty if path.parent not in empty)
        self.read_already.sort()

    def _add_file(self, path: Path) -> None:
        if not path.is_file():
            self.others["broken links" if path.is_symlink() else "no plain files"] += 1
        elif path.suffix.lower() in self._suffixes:
            self.images.append(path)
        else:
            self.others[path.suffix.lower() or "without suffix"] += 1


def visible(folder: Path) -> list[Path]:
    """Return what lies in a folder but for the hidden, sorted."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))


def _identity(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino
