"""The batches of one call into TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Execution:
    """The next batches of the data, for one call of a step function; iterating over it takes them one by one.

    Args:
        iterator: of the data, which goes on in the next execution.
        left: how many batches are to be taken.

    Attributes:
        left: how many batches were not taken yet; in the end above 0 only if the data ended before.
    """

    def __init__(self, iterator: Iterator[Any], left: int) -> None:
        self.iterator: Any = iterator  # TensorFlow's can do more
        self.left: int = left

    def __iter__(self) -> Execution:
        return self

    def __next__(self) -> Any:
        if self.left == 0:
            raise StopIteration
        batch = next(self.iterator)
        self.left -= 1
        return batch
