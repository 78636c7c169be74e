"""Where the lectures lie, and how a stored edition is held against its source."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from notebooks.building.editions import edition

ROOM = Path(__file__).resolve().parents[1]
LARGEST = 1_000_000
"""Bytes of a stored notebook, at most: a repository browser shows no larger ones."""


def sources() -> list[Path]:
    """Return the source of every lecture, in order."""
    return sorted((ROOM / "source").glob("[0-9][0-9]_*.py"))


def stored(source: Path, language: str) -> Path:
    """Return where the edition of a lecture in one language is stored."""
    return ROOM / language / f"{source.stem}.ipynb"


def store(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, beside its place first and then renamed.

    Raises:
        ValueError: more than `LARGEST` bytes.
    """
    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if size > LARGEST:
        raise ValueError(f"{path.name} has {size} bytes: expected at most {LARGEST}; draw fewer or smaller pictures")
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def with_stored_outputs(notebook: NotebookNode, path: Path) -> NotebookNode:
    """Return an edition with the outputs of a stored one that has the same code, but for what installs the package.

    Raises:
        ValueError: the code of the source changed: its outputs are not the stored ones.
        OSError: nothing is stored there.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    before = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    runs, ran = ([cell.source for cell in cells if cell.id != "install"] for cells in (code, before))
    if runs != ran or len(code) != len(before):
        raise ValueError(f"{path.name} was run with other code than its source has: leave out --text")
    for cell, old in zip(code, before, strict=True):
        cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return notebook


def out_of_step(source: Path, language: str) -> str | None:
    """Return what keeps a stored edition from being its source's, run once from top to bottom; None if nothing."""
    path = stored(source, language)
    where = f"{language}/{path.name}"
    mend = f"run python -m notebooks.building {source.stem[:2]}"
    if not path.exists():
        return f"{where} is not there: {mend}"
    notebook = nbformat.read(path, as_version=4)
    have, expected = _cells(notebook), _cells(edition(source, language))
    for number, (ours, theirs) in enumerate(zip(have, expected, strict=False)):
        if ours != theirs:
            return f"{where}, cell {number}, {ours[2][:40]!r}, is not the source's {theirs[2][:40]!r}: {mend}"
    if len(have) != len(expected):
        return f"{where} has {len(have)} cells and its source {len(expected)}: {mend}"
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        return f"{where} was not run from top to bottom, its cells count {counts}: {mend}"
    return None


def _cells(notebook: NotebookNode) -> list[tuple[str, str, str]]:
    return [(cell.cell_type, cell.id, cell.source) for cell in notebook.cells]
