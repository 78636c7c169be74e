"""Runs a notebook top to bottom in a fresh kernel, and says which cell failed."""

from __future__ import annotations

import copy
import os
import re
import tempfile

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

SECONDS_A_CELL = 600
_NATIVE_LOG = re.compile(
    r"(WARNING: All log messages before absl::InitializeLog\(\)|[IWEF]\d{4} |INFO: |fully_quantize: ).*\n?|\n"
)


class CellFailed(RuntimeError):
    """A notebook's cell raised, took too long or killed the kernel; the message names both."""


def execute(notebook: NotebookNode, name: str, fast: bool = False) -> NotebookNode:
    """Return the notebook with the outputs of a run in a fresh kernel and an empty folder.

    Args:
        notebook: one edition; it is left as it is.
        name: what an error calls it.
        fast: set the environment variable FAST to 1: the lectures then train shorter, and check all the same.

    Raises:
        CellFailed: naming the notebook, the cell and its code.
    """
    notebook = copy.deepcopy(notebook)
    place = {"index": 0}
    environment = {**os.environ, "FAST": str(int(fast)), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=SECONDS_A_CELL,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            on_cell_start=lambda cell, cell_index: place.update(index=cell_index),
        )
        try:
            client.execute(cwd=folder, env=environment)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise CellFailed(_describe(notebook, name, place["index"], error)) from error
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_native_log(output)]
    return notebook


def _is_native_log(output: NotebookNode) -> bool:
    """Whether an output is what TensorFlow's C++ says of the machine, and nothing else."""
    if output.get("name") != "stderr":
        return False
    return all(_NATIVE_LOG.fullmatch(line) for line in output.text.splitlines(keepends=True))


def _describe(notebook: NotebookNode, name: str, index: int, error: Exception) -> str:
    code = [position for position, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    what = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
    cell = notebook.cells[index]
    return f"notebook {name}, code cell {code.index(index) + 1} of {len(code)} ({cell.id}): {what}\n\n{cell.source}"
