"""How much memory there is, so that what can never fit is refused before any of it is taken."""

from __future__ import annotations

import math
import os
from pathlib import Path

# What a container may take, by the two versions of Linux' control groups.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory() -> float:
    """Return the bytes of memory that this machine, or its container, has; infinity where the system does not tell.

    Example:
        >>> memory() > 10**8
        True
    """
    found = [math.inf]
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in map(Path, _LIMITS):
        if path.is_file() and (limit := path.read_text("ascii").strip()).isdecimal():
            found.append(int(limit))
    return min(found)


def check_fits_memory(what: str, size: float, mend: str) -> None:
    """Raise ValueError if something takes more bytes than there are.

    Args:
        what: takes them, such as "a layer of 10 x 20 weights".
        size: how many it takes at least.
        mend: what to do, in a clause.

    Example:
        >>> check_fits_memory("the model", 1e15, "lower latent_dim")
        Traceback (most recent call last):
        ...
        ValueError: the model takes 1e+06 GB: expected at most the ... GB of memory; lower latent_dim
    """
    if size > memory():
        raise ValueError(
            f"{what} takes {size / 1e9:.3g} GB: expected at most the {memory() / 1e9:.3g} GB of memory; {mend}"
        )
