"""The files below a folder: links are followed, and no folder is read twice."""

import os
from collections import Counter
from pathlib import Path

from keras_vae.data.folder.kinds import readable_suffixes
from keras_vae.data.folder.words import counted


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
            for entry in visible(here):
                if not is_folder(entry):
                    self._add_file(entry)
                elif entry.is_symlink():
                    links.append(Path(entry))
                else:
                    waiting.append(Path(entry))
        self.images.sort(key=lambda path: path.parts)
        holding = {image.parent for image in self.images}
        holding |= {above for folder in holding for above in folder.parents}
        empty = set(visited) - holding
        self.empty = sorted(path for path in empty if path.parent not in empty)
        self.read_already.sort()

    def check_images(self, folder: Path) -> None:
        """Raise ValueError if there is no image below a folder."""
        if not self.images:
            passed_over = f", {counted(self.others)}" if self.others else ""
            raise ValueError(
                f"folder {folder} holds no images{passed_over}: expected files that end in "
                f"{', '.join(self._suffixes)}; check the path"
            )

    def _add_file(self, entry: os.DirEntry[str]) -> None:
        suffix = os.path.splitext(entry.name)[1].lower()
        if not (os.path.isfile(entry) if entry.is_symlink() else entry.is_file()):
            self.others["broken links" if entry.is_symlink() else "no plain files"] += 1
        elif suffix in self._suffixes:
            self.images.append(Path(entry))
        else:
            self.others[suffix or "without suffix"] += 1


def visible(folder: Path) -> list[os.DirEntry[str]]:
    """Return what lies in a folder but for the hidden, sorted."""
    with os.scandir(folder) as entries:
        shown = [entry for entry in entries if not entry.name.startswith((".", "__MACOSX"))]
    return sorted(shown, key=lambda entry: entry.name)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder, or leads to one."""
    # the disk is asked for links alone, of which some lead nowhere
    return os.path.isdir(entry) if entry.is_symlink() else entry.is_dir()


def _identity(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino
