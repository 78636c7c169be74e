"""One file of arrays and facts that shows whether it is whole."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ml_dtypes  # noqa: F401  teaches NumPy the name bfloat16
import numpy as np

from keras_vae.checks.shown import shown

FORMAT = "keras_vae state 1"
PARTIAL = "next.partial"


class DamagedState(ValueError):
    """The file is cut short, or a byte of it was changed."""


def write_state(path: Path, facts: Mapping[str, Any], arrays: Sequence[np.ndarray]) -> None:
    """Write arrays and facts: whole under the name `path`, or not at all, even if the machine loses its power.

    A line of JSON names the facts and each array's dtype and shape; the arrays' bytes follow, as they are in memory,
    and then the 32 bytes of the SHA-256 of all before. They are written to a file beside `path`, which is then renamed.

    Args:
        path: the file, replaced if it is there; its folder must be.
        facts: what JSON can hold; floats come back bit for bit.
        arrays: of any shapes and dtypes, bfloat16 included.

    Raises:
        OSError: no room, or no permission; `path` is as it was.
    """
    specs = [{"dtype": array.dtype.name, "shape": list(array.shape)} for array in arrays]
    header = json.dumps({"format": FORMAT, "facts": facts, "arrays": specs}) + "\n"
    digest = hashlib.sha256()
    beside = path.with_name(PARTIAL)
    try:
        with beside.open("wb") as file:
            for part in (header.encode(), *arrays):
                part = part if isinstance(part, bytes) else part.tobytes()
                file.write(part)
                digest.update(part)
            file.write(digest.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def read_state(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the facts and arrays of a file.

    Raises:
        DamagedState: a file that is not, to the last byte, what `write_state` wrote.
        OSError: a file that cannot be opened.
    """
    content = path.read_bytes()
    body = memoryview(content)[: -hashlib.sha256().digest_size]
    if hashlib.sha256(body).digest() != content[len(body) :]:
        raise DamagedState(f"{path} is cut short or changed: expected the SHA-256 that it ends with")
    end = content.find(b"\n") + 1
    try:
        header = json.loads(content[:end])
        if header["format"] != FORMAT:
            raise DamagedState(f"{path} has the format {shown(header['format'])}: expected {FORMAT!r}")
        return dict(header["facts"]), list(_arrays(header["arrays"], body, end))
    except DamagedState:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        RecursionError,
        OverflowError,
    ) as error:
        raise DamagedState(f"{path} has a header of another kind ({shown(error)}): expected {FORMAT!r}") from error


def _arrays(specs: Sequence[Mapping[str, Any]], body: memoryview, start: int) -> Iterator[np.ndarray]:
    for spec in specs:
        dtype, count = np.dtype(spec["dtype"]), math.prod(spec["shape"])
        if min(spec["shape"], default=0) < 0 or dtype.hasobject:
            raise ValueError(f"an array is {shown(spec)}: expected the dtype of numbers and a shape")
        yield np.frombuffer(body, dtype, count, start).reshape(spec["shape"])
        start += count * dtype.itemsize


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last; only POSIX can open a folder."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
