"""The splits of images that come without TFDS' own: their names, the tenth that is held out, slices of them."""

import hashlib
import re
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

    It is chosen by rank of the hash: the same on every machine, in whatever order a disk lists its files.
    """
    ranked = sorted(range(len(keys)), key=lambda index: hashlib.sha256(keys[index]).digest())
    return set(ranked[: max(1, round(len(keys) / 10)) if len(keys) > 1 else 0])


def with_test(splits: Mapping[str, Sequence[Item]], keys: Sequence[bytes]) -> dict[str, Sequence[Item]]:
    """Return the splits with "test" where there is none: "validation" stands in, else a tenth of "train".

    Args:
        splits: by the names on the right of `SPLIT_NAMES`.
        keys: what tells the items of "train" apart, for `held_out`.
    """
    if "test" in splits or "train" not in splits:
        return dict(splits)
    if "validation" in splits:
        return {**splits, "test": splits["validation"]}
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
        chosen, problem = [], "is no split of"
    if not chosen:
        held = ", ".join(f"{name} ({len(items)} images)" for name, items in splits.items())
        raise ValueError(f"split is {split!r}, which {problem} {source}: expected one of {held}, or a slice of one")
    return chosen
