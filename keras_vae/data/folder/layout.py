"""What the folders of a folder stand for: splits, classes, or nothing."""

import dataclasses
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from keras_vae.data.folder.classes import Example, Placed, classify
from keras_vae.data.folder.copies import first_of_each
from keras_vae.data.folder.kinds import readable_suffixes
from keras_vae.data.folder.listing import Listing, is_folder, visible
from keras_vae.data.folder.words import counted, named
from keras_vae.data.splits import SPLIT_NAMES, holds_out, with_test

SPLITS = tuple(dict.fromkeys(SPLIT_NAMES.values()))


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a folder is read.

    Attributes:
        splits: the files by "train", "validation" and "test", as far as there are any; "test" there always is where
            "train" has two.
        class_names: in the order of their numbers; None without classes.
        summary: what the splits hold, in words.
        remarks: what is passed over or may not be meant, in words.
    """

    splits: dict[str, Sequence[Example]]
    class_names: tuple[str, ...] | None
    summary: str
    remarks: tuple[str, ...]


def read_layout(folder: Path) -> Layout:
    """Find the splits and classes of a folder by the names of the folders below it.

    Raises:
        ValueError: If the folder holds no images, has a split beside folders that may be splits or classes too, or has
            names that differ by case alone.
    """
    top = _unwrapped(folder)
    listing, remarks = Listing(folder), []
    beside = _add_splits(listing, folder, top)
    if beside is None:
        listing.add(top)
    listing.check_images(folder)
    placed = [Placed(path, path.relative_to(top).parts[:-1]) for path in listing.images]
    level = _split_level(folder, placed) if beside is None else 0
    found, outside = _by_split(placed, level)
    outside += beside or []
    if outside:
        remarks.append(f"passed over {named(outside, folder)}, outside of the splits")
    examples, class_names = classify(folder, found, remarks)
    paths = [example.path for example in examples.get("train", ())]
    keys = [
        os.fsencode(path.relative_to(folder).as_posix())
        for path in (first_of_each(paths) if holds_out(examples) else paths)
    ]
    splits = with_test(examples, keys)
    if listing.others:
        remarks.append(counted(listing.others))
    if listing.empty:
        remarks.append(f"no images in {named(listing.empty, folder)}")
    if listing.read_already:
        remarks.append(f"passed over {named(listing.read_already, folder)}, linked to what is read elsewhere")
    return Layout(splits, class_names, _summary(splits, "test" in examples), tuple(remarks))


def _unwrapped(folder: Path) -> Path:
    """Go down while there is one folder alone, with folders in it: an archive unpacks into such."""
    suffixes, seen = readable_suffixes(), set(folder.resolve().parents)
    while (real := folder.resolve()) not in seen:
        seen.add(real)
        folders, files = _inside(folder)
        if (
            len(folders) != 1
            or folders[0].name.lower() in SPLIT_NAMES
            or any(file.suffix.lower() in suffixes for file in files)
            or not _inside(folders[0])[0]
        ):
            break
        folder = folders[0]
    return folder


def _inside(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the folders and the other files that lie in a folder."""
    found: tuple[list[Path], list[Path]] = [], []
    for entry in visible(folder):
        found[not is_folder(entry)].append(Path(entry))
    return found


def _add_splits(listing: Listing, folder: Path, top: Path) -> list[Path] | None:
    """List the images of the folders of `top` that are splits; return what is no split, None if nothing is one."""
    splits: dict[str, list[Path]] = defaultdict(list)
    strangers = []
    folders, files = _inside(top)
    for path in folders:
        split = SPLIT_NAMES.get(path.name.lower())
        (strangers if split is None else splits[split]).append(path)
    for split, folders in splits.items():
        if len(folders) > 1:
            raise ValueError(
                f"folder {folder} has {' and '.join(path.name for path in folders)}: expected one folder for "
                f"{split}; move their images into one"
            )
    if not splits:
        return None
    listing.shut(top)
    listing.add(*(path for split in SPLITS for path in splits[split]))
    strangers = [path for path in strangers if _holds_images(path)]
    if strangers and sum(map(bool, splits.values())) == 1:
        # "train" may be a class, and "holdout" a split
        raise ValueError(
            f"folder {folder} has {next(filter(None, splits.values()))[0].name} beside {named(strangers, top)}: "
            f"expected splits ({', '.join(SPLIT_NAMES)}) or classes; move what is not a split elsewhere, or move the "
            "classes into a folder train"
        )
    suffixes = readable_suffixes()
    return strangers + [path for path in files if path.suffix.lower() in suffixes]


def _holds_images(folder: Path) -> bool:
    inside = Listing(folder)
    inside.add(folder)
    return bool(inside.images)


def _split_level(folder: Path, placed: Sequence[Placed]) -> int | None:
    """Return 1 where each class has splits of its own, `cats/train` and `cats/test`; None where there are none."""
    inside: dict[str, set[str | None]] = defaultdict(set)
    for _, names in placed:
        if names:
            inside[names[0]] |= {SPLIT_NAMES.get(name.lower()) for name in names[1:2]}
    divided = {name for name, splits in inside.items() if "train" in splits and splits & {"validation", "test"}}
    if not divided:
        return None
    whole = sorted(name for name in set(inside) - divided if None in inside[name] or not inside[name])
    if whole:
        raise ValueError(
            f"folder {folder} has splits in {min(divided)}, but none in {', '.join(whole[:3])}"
            f"{', ...' if len(whole) > 3 else ''}: expected splits in every class or in none; split these too"
        )
    return 1


def _by_split(placed: Sequence[Placed], level: int | None) -> tuple[dict[str, list[Placed]], list[Path]]:
    """Return the files of each split, and those of none."""
    if level is None:
        return {"train": list(placed)}, []
    found, outside = defaultdict(list), []
    for path, names in placed:
        split = SPLIT_NAMES.get(names[level].lower()) if len(names) > level else None
        if split is None:
            outside.append(path)
        else:
            found[split].append(Placed(path, names[:level] + names[level + 1 :]))
    return {split: found[split] for split in SPLITS if split in found}, outside


def _summary(splits: Mapping[str, Sequence[Example]], has_test: bool) -> str:
    words = []
    for split, examples in splits.items():
        if not examples:
            continue
        classes = len({example.label for example in examples} - {None})
        if has_test or split != "test":
            kinds = {0: "", 1: " (1 class)"}.get(classes, f" ({classes} classes)")
            words.append(f"{split} {len(examples)}{kinds}")
        else:
            words.append("test as validation" if "validation" in splits else f"test {len(examples)} held out of train")
    return ", ".join(words)
