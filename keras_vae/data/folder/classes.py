"""The classes of files by the folders in which they lie."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from keras_vae.data.folder.words import named


class Example(NamedTuple):
    """A file and the number of its class, or None."""

    path: Path
    label: int | None


class Placed(NamedTuple):
    """A file and the names of the folders in which it lies, but for the one of its split."""

    path: Path
    names: tuple[str, ...]


def classify(
    folder: Path, splits: Mapping[str, Sequence[Placed]], remarks: list[str]
) -> tuple[dict[str, list[Example]], tuple[str, ...] | None]:
    """Number the classes; they are the uppermost folders of a split, if most of its files lie in one.

    Args:
        folder: the files' root.
        splits: the files, by split.
        remarks: what to say of it is added here.

    Returns:
        The files of each split with the numbers of their classes, and the classes' names, sorted.

    Raises:
        ValueError: If two names differ by case alone.
    """
    splits = _unwrapped(splits)
    kept = {split: _kept(folder, split, files, remarks) for split, files in splits.items()}
    class_names = tuple(sorted({file.names[0] for files in kept.values() for file in files if file.names}))
    _check_distinct(folder, class_names)
    trained = {file.names[0] for file in kept.get("train", ()) if file.names}
    if trained and trained != set(class_names):
        remarks.append(f"no training images of {', '.join(sorted(set(class_names) - trained))}")
    numbers = {name: number for number, name in enumerate(class_names)}
    examples = {
        split: [Example(file.path, numbers[file.names[0]] if file.names else None) for file in files]
        for split, files in kept.items()
    }
    return examples, class_names or None


def _unwrapped(splits: Mapping[str, Sequence[Placed]]) -> Mapping[str, Sequence[Placed]]:
    """Leave out folders in which all others lie."""
    while True:
        inner = [file.names for files in splits.values() for file in files if file.names]
        if not inner or min(map(len, inner)) == 1 or len({names[0] for names in inner}) > 1:
            return splits
        splits = {split: [Placed(file.path, file.names[1:]) for file in files] for split, files in splits.items()}


def _kept(folder: Path, split: str, files: Sequence[Placed], remarks: list[str]) -> Sequence[Placed]:
    """Return the files that lie in classes, if most do; else all, as files without."""
    strays = [file.path for file in files if not file.names]
    if 2 * len(strays) < len(files):
        if strays:
            remarks.append(f"passed over {named(strays, folder)}, in no class folder")
        return [file for file in files if file.names]
    if len(strays) < len(files):
        remarks.append(f"no labels in {split}: {len(strays)} of {len(files)} images lie in no class folder")
    return [Placed(file.path, ()) for file in files]


def _check_distinct(folder: Path, class_names: Iterable[str]) -> None:
    """Refuse names that a disk may take for one: they differ by case, or by how an accent is encoded."""
    seen: dict[str, str] = {}
    for name in class_names:
        alike = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if alike != name:
            raise ValueError(
                f"folder {folder} has classes {alike!a} and {name!a}: expected names that differ by more "
                "than case; rename one, or move the images of both into one"
            )
