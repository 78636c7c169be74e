"""A folder of the user's own images, of any size, gray or colour."""

import hashlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image, ImageOps

from keras_vae.data.arrays import ImageArrays, empty_images
from keras_vae.data.resize import resize_and_crop

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
SPLIT_NAMES = ("train", "test", "validation", "valid", "val")
MIXED_SIZE = (64, 64)

# what Pillow raises for files that are cut short, mislabelled or damaged
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)


class Example(NamedTuple):
    """A file and the number of its class, or None."""

    path: Path
    label: int | None


def load_folder(
    root: str | os.PathLike[str],
    split: str = "train",
    *,
    image_size: tuple[int, int] | None = None,
    channels: int | None = None,
    skip_corrupt: bool = False,
) -> ImageArrays:
    """Read the images of a folder.

    Three layouts are understood; hidden files and files that are no images are passed over:

    * `root/split/class/image.png`, as `tfds.folder_dataset.ImageFolder` has it, where a folder of the root is
      called train or test (or validation, valid, val); the class folders may be left out;
    * `root/class/image.png`: labelled; a tenth of the files, by the hash of their relative path, is "test";
    * files anywhere else below the root: not labelled, and split in the same way.

    Images are turned as their EXIF orientation says, and transparent ones are laid on white. Arguments,
    returns and errors are those of `load.load_arrays`.
    """
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise ValueError(f"{str(root)!r} is no folder: expected a folder of images or a dataset's name; check the path")
    splits, class_names = find_splits(folder)
    chosen = _choose(folder, splits, split)
    sizes, coloured, corrupt = _survey(chosen)
    size = image_size or (next(iter(sizes)) if len(sizes) == 1 else MIXED_SIZE)
    channels = channels or (3 if coloured else 1)
    images = empty_images(len(chosen), (*size, channels), f"folder {folder}")
    kept = []
    for example in chosen:
        if example.path in corrupt:
            continue
        try:
            image = _decode(example.path, channels)
        except _UNREADABLE:
            corrupt.append(example.path)
            continue
        if image.shape[:2] != size:
            image = resize_and_crop(tf.constant(image), size).numpy()
        images[len(kept)] = image
        kept.append(example)
    if corrupt and not (skip_corrupt and kept):
        named = ", ".join(str(path) for path in sorted(corrupt)[:3]) + (", ..." if len(corrupt) > 3 else "")
        mend = "pass --skip-corrupt (skip_corrupt=True) to leave them out, or mend them" if kept else "mend them"
        raise ValueError(
            f"{len(corrupt)} of {len(chosen)} images of folder {folder} cannot be read ({named}): expected whole "
            f"images; {mend}"
        )
    if corrupt:
        logging.getLogger(__name__).warning("%s: left out %d unreadable images", folder, len(corrupt))
    labels = None if class_names is None else np.array([example.label for example in kept], np.int32)
    return ImageArrays(images[: len(kept)], labels, class_names, split)


def find_splits(folder: Path) -> tuple[dict[str, list[Example]], tuple[str, ...] | None]:
    """Return the files of each split, with the names of the classes if every file has one.

    Raises:
        ValueError: If the folder holds no images.
    """
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    if not paths:
        raise ValueError(f"folder {folder} holds no images: expected files that end in {', '.join(SUFFIXES)}")
    parts = {path: path.relative_to(folder).parts for path in paths}
    tops = {names[0] for names in parts.values() if len(names) > 1}
    if tops & set(SPLIT_NAMES):
        if all(len(names) == 3 for names in parts.values()):
            return _image_folder(folder, paths)
        stray = [path for path, names in parts.items() if names[0] not in SPLIT_NAMES]
        if stray:
            raise ValueError(
                f"folder {folder} is split into {', '.join(sorted(tops & set(SPLIT_NAMES)))}, but {stray[0]} "
                "lies outside: expected every image in a split; move it into one"
            )
        splits = {top: [Example(path, None) for path in paths if parts[path][0] == top] for top in sorted(tops)}
        return _with_test(folder, splits), None
    class_names = None
    if all(len(names) == 2 for names in parts.values()):
        class_names = tuple(sorted(tops))
    numbers = {name: number for number, name in enumerate(class_names or ())}
    return _with_test(folder, {"train": [Example(path, numbers.get(parts[path][0])) for path in paths]}), class_names


def _image_folder(folder: Path, paths: Iterable[Path]) -> tuple[dict[str, list[Example]], tuple[str, ...]]:
    # ImageFolder finds the splits and classes. The files are read by Pillow all the same: TensorFlow's
    # decoder names no file when one is corrupt, and knows neither EXIF orientation nor transparency.
    builder = tfds.folder_dataset.ImageFolder(os.fspath(folder))
    splits, found = {}, set()
    for split in builder.info.splits:
        dataset = builder.as_dataset(split=split, decoders={"image": tfds.decode.SkipDecoding()})
        examples = []
        for path, label in dataset.map(lambda example: (example["image/filename"], example["label"])):
            path = Path(os.fsdecode(path.numpy()))
            # it takes hidden files along
            if not path.name.startswith("."):
                examples.append(Example(path, int(label)))
        if examples:
            splits[split] = sorted(examples)
            found.update(example.path for example in examples)
    missed = sorted(set(paths) - found)
    if missed:
        raise ValueError(
            f"folder {folder} holds {missed[0]} and {len(missed) - 1} more that TFDS' ImageFolder does not read: "
            "expected PNG or JPEG; convert them"
        )
    features: Any = builder.info.features  # declared as any feature, not as the dict that it is
    return _with_test(folder, splits), tuple(features["label"].names)


def _with_test(folder: Path, splits: dict[str, list[Example]]) -> dict[str, list[Example]]:
    """Hold out a tenth of train, at least one file of two, where train is the only split."""
    if set(splits) != {"train"}:
        return splits

    # by rank of the hash: the same files on every machine, whatever order the disk lists them in
    def by_hash(example: Example) -> bytes:
        return hashlib.sha256(example.path.relative_to(folder).as_posix().encode()).digest()

    ranked = sorted(splits["train"], key=by_hash)
    held_out = max(1, round(len(ranked) / 10)) if len(ranked) > 1 else 0
    return {"train": sorted(ranked[held_out:]), "test": sorted(ranked[:held_out])}


def _choose(folder: Path, splits: dict[str, list[Example]], split: str) -> list[Example]:
    """Take a split, or a slice or sum of splits in TFDS' notation."""
    infos = [
        tfds.core.SplitInfo(name=name, shard_lengths=[len(examples)], num_bytes=0)
        for name, examples in splits.items()
        if examples
    ]
    try:
        ranges = tfds.core.ReadInstruction.from_spec(split).to_absolute(tfds.core.SplitDict(infos))
        chosen = [example for part in ranges for example in splits[part.splitname][part.from_ : part.to]]
        problem = "is empty in"
    except (KeyError, ValueError, AssertionError):
        chosen, problem = [], "is no split of"
    if not chosen:
        held = ", ".join(f"{name} ({len(examples)} images)" for name, examples in splits.items())
        raise ValueError(
            f"split is {split!r}, which {problem} folder {folder}: expected one of {held}, or a slice of one"
        )
    return chosen


def _survey(examples: Iterable[Example]) -> tuple[set[tuple[int, int]], bool, list[Path]]:
    """Read the headers only: the sizes that occur, whether any image is in colour, the unreadable files."""
    sizes, coloured, corrupt = set(), False, []
    for example in examples:
        try:
            with Image.open(example.path) as image:
                width, height = image.size
                sideways = image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
                sizes.add((width, height) if sideways else (height, width))
                coloured |= image.mode not in ("1", "L", "LA", "La", "I", "F") and not image.mode.startswith("I;16")
        except _UNREADABLE:
            corrupt.append(example.path)
    return sizes, coloured, corrupt


def _decode(path: Path, channels: int) -> np.ndarray:
    """Return uint8 `[height, width, channels]`."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
    if image.mode == "I" or image.mode.startswith("I;16"):
        # Pillow clips 16 bits to 8 where it should scale
        image = Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L" if channels == 1 else "RGB")
    return np.asarray(image).reshape(image.height, image.width, channels)
