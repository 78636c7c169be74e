"""LiteRT, for the TFLite files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export.formats.tflite_model import foreign_operators
from keras_vae.export.runtimes.runtime import Arrays, Runtime


class LiteRT(Runtime):
    """Runs a TFLite file by its signatures, with the XNNPACK delegate that LiteRT applies itself."""

    def _foreign(self, path: Path) -> list[str]:
        return foreign_operators(path.read_bytes())

    def _load(self, path: Path, threads: int) -> None:
        self._interpreter = Interpreter(str(path), num_threads=threads)
        self._runners = {
            name: self._interpreter.get_signature_runner(name) for name in self._interpreter.get_signature_list()
        }

    def signatures(self) -> dict[str, Any]:
        """See `Runtime`."""
        return {
            name: {
                "inputs": _described(runner.get_input_details()),
                "outputs": _described(runner.get_output_details()),
            }
            for name, runner in self._runners.items()
        }

    def _call(self, signature: str, inputs: Arrays) -> Arrays:
        # The outputs are views of memory that the next call overwrites.
        return {name: np.array(value) for name, value in self._runners[signature](**inputs).items()}


def _described(details: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        name: {
            "shape": ["n" if side < 0 else int(side) for side in detail["shape_signature"]],
            "dtype": np.dtype(detail["dtype"]).name,
        }
        for name, detail in details.items()
    }
