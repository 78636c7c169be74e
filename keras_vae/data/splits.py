"""The splits of images that come without TFDS' own: their names, the tenth that is held out, slices of them."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

import tensorflow_datasets as tfds

# What people call them, in any case, and what we do.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}

Item = TypeVar("Item")


def held_out(keys: Sequence[bytes]) -> set[int]:
    """Return which places of `keys` are the tenth for testing, at least one of two.

    It is chosen by rank of the hash: the same on every machine, in whatever order a disk lists its files. Places of one
    key are copies of one image, and on one side, unless all are copies of one.
    """
    if len(keys) < 2:
        return set()
    if len(set(keys)) == 1:
        keys = [str(index).encode() for index in range(len(keys))]
    room, held = max(1, round(len(keys) / 10)), set[int]()
    places: dict[bytes, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        places[key].append(index)
    for key in sorted(places, key=lambda key: hashlib.sha256(key).digest()):
        if len(held) + len(places[key]) <= room:
            held.update(places[key])
    return held or set(min(places.values(), key=len))  # where each has more copies than there is room


def holds_out(splits: Mapping[str, Sequence[Item]]) -> bool:
    """Whether the test images must be a tenth of "train": there are neither "test" nor "validation"."""
    return "train" in splits and not {"test", "validation"} & set(splits)


def with_test(splits: Mapping[str, Sequence[Item]], keys: Sequence[bytes]) -> dict[str, Sequence[Item]]:
    """Return the splits with "test" where there is none: "validation" stands in, else a tenth of "train".

    Args:
        splits: by the names on the right of `SPLIT_NAMES`.
        keys: what tells the items of "train" apart, for `held_out`; not read where nothing is held out.
    """
    if "validation" in splits and "test" not in splits and "train" in splits:
        return {**splits, "test": splits["validation"]}
    if not holds_out(splits):
        return dict(splits)
    test, items = held_out(keys), splits["train"]
    return {
        "train": [item for index, item in enumerate(items) if index not in test],
        "test": [item for index, item in enumerate(items) if index in test],
    }


def choose(splits: Mapping[str, Sequence[Item]], split: str, source: str) -> list[Item]:
    """Take a split, or a slice or sum of splits in TFDS' notation, by any of their usual names.

    Args:
        splits: by the names on the right of `SPLIT_NAMES`.
        split: such as "val" or "train[:10%]".
        source: what an error calls where the images come from.

    Raises:
        ValueError: If there is no such split, or nothing in it.

    Example:
        >>> choose({"train": "abcd", "test": "xy"}, "training[:50%]+test", "a string")
        ['a', 'b', 'x', 'y']
    """
    known = re.sub("[A-Za-z]+", lambda word: SPLIT_NAMES.get(word[0].lower(), word[0]), split)
    infos = [
        tfds.core.SplitInfo(name=name, shard_lengths=[len(items)], num_bytes=0)
        for name, items in splits.items()
        if len(items)
    ]
    try:
        ranges = tfds.core.ReadInstruction.from_spec(known).to_absolute(tfds.core.SplitDict(infos))
        chosen = [item for part in ranges for item in splits[part.splitname][part.from_ : part.to]]
        problem = "is empty in"
    except (KeyError, ValueError, AssertionError):
        chosen, problem = [], "is not a split of"
    if not chosen:
        held = ", ".join(f"{name} ({len(items)} images)" for name, items in splits.items())
        raise ValueError(f"split is {split!r}, which {problem} {source}: expected one of {held}, or a slice of one")
    return chosen
