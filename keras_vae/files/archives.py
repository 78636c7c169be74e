"""Archives that state more than they can hold are refused before they are unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

# Keras compresses nothing; weights that somebody has compressed since shrink by less than this.
MOST_EXPANSION = 20
ROOM = 2**20  # for the text of an archive, which shrinks more


def check_unpacked_size(path: Path, most: int | None = None) -> None:
    """Raise ValueError if a ZIP archive, such as a .keras or .npz file, states more bytes than there can be.

    Args:
        path: the archive.
        most: bytes that can be in it; by default 20 times its size, and a megabyte.

    Raises:
        ValueError: as said.
        zipfile.BadZipFile: a file that is no archive.
    """
    most = MOST_EXPANSION * path.stat().st_size + ROOM if most is None else most
    with zipfile.ZipFile(path) as archive:
        stated = sum(entry.file_size for entry in archive.infolist())
    if stated > most:
        raise ValueError(
            f"{path.name} states {stated} bytes when unpacked: expected at most {most} in such a file; get it again "
            "from its source"
        )
