"""Files of the same bytes."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

HEAD = 2**16  # bytes that are compared before the whole


def first_of_each(paths: Sequence[Path]) -> list[Path]:
    """Return for each file the first of those with the same bytes, itself where it is alone.

    Only files of one size are opened, and only those with the same start are read to their end. A file that cannot be
    read is alone: whoever decodes it says why.
    """
    first = list(paths)
    for place, copies in _alike(range(len(paths)), paths, None, HEAD, -1):
        for copy in copies:
            first[copy] = paths[place]
    return first


def _alike(places: Sequence[int], paths: Sequence[Path], *amounts: int | None) -> list[tuple[int, list[int]]]:
    """The first and the others of each group that agrees in its size, and in so many bytes of its start."""
    amount, rest = amounts[0], amounts[1:]
    groups: dict[object, list[int]] = defaultdict(list)
    for place in places:
        groups[_told(paths[place], amount)].append(place)
    groups.pop(None, None)
    several = [group for group in groups.values() if len(group) > 1]
    if not rest:
        return [(group[0], group[1:]) for group in several]
    return [found for group in several for found in _alike(group, paths, *rest)]


def _told(path: Path, amount: int | None) -> object:
    try:
        if amount is None:
            return path.stat().st_size
        with path.open("rb") as file:
            return hashlib.sha256(file.read(amount)).digest()
    except OSError:
        return None
