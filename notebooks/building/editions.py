"""One source, an edition for each language: the same code cells, the text in one language."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from notebooks.building.release import colab_badge, install_code

LANGUAGES = ("en", "ko")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def edition(source: Path, language: str) -> NotebookNode:
    """Return the notebook of a lecture in one language, without outputs.

    A link that opens it in Colab, where the project names its repository, and the cell that installs the package
    stand before the source's cells.

    Args:
        source: a file in jupytext's percent format. Its text stands in pairs of cells, `# %% [markdown] lang="en"`
            and then `# %% [markdown] lang="ko"`; all other cells are code and belong to every language.
        language: "en" or "ko".

    Raises:
        ValueError: an unknown language, or text that does not stand in such pairs.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}: expected one of {', '.join(LANGUAGES)}")
    cells = jupytext.read(source, fmt="py:percent").cells
    _check_pairs(cells, source.name)
    notebook = nbformat.v4.new_notebook(metadata=_METADATA)
    badge = colab_badge(f"notebooks/{language}/{source.stem}.ipynb")
    if badge is not None:
        notebook.cells.append(nbformat.v4.new_markdown_cell(badge, id="colab"))
    notebook.cells.append(nbformat.v4.new_code_cell(install_code(), id="install"))
    for number, cell in enumerate(cells):
        # Numbered, not random: the same source gives the same bytes.
        if cell.cell_type == "code":
            notebook.cells.append(nbformat.v4.new_code_cell(cell.source.strip("\n"), id=f"cell-{number}"))
        elif cell.metadata["lang"] == language:
            notebook.cells.append(nbformat.v4.new_markdown_cell(cell.source, id=f"cell-{number}"))
    return notebook


def solutions(notebook: NotebookNode) -> list[str]:
    """Return the code in the folded solutions of an edition's exercises, in order."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    folded = re.findall(r"<details>.*?</details>", text, flags=re.DOTALL)
    return [code for part in folded for code in re.findall(r"```python\n(.*?)```", part, flags=re.DOTALL)]


def _check_pairs(cells: list[NotebookNode], name: str) -> None:
    """Raise unless each text is there in every language, one right after the other."""
    due = 0
    for number, cell in enumerate(cells):
        here = cell.metadata.get("lang") if cell.cell_type == "markdown" else "code"
        expected = LANGUAGES[due]
        if here != expected and not (here == "code" and due == 0):
            raise ValueError(
                f"{name}, cell {number}, {cell.source[:40]!r}, is {here!r}: expected {expected!r}; write each text "
                'as two cells, # %% [markdown] lang="en" and then # %% [markdown] lang="ko"'
            )
        due = 0 if here == "code" else (due + 1) % len(LANGUAGES)
    if due:
        raise ValueError(f"{name} ends without {LANGUAGES[due]!r} of its last text: add that cell")
