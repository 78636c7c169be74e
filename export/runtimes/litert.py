"""LiteRT, for the TFLite files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export.formats.integers import Quantization, from_integers, quantization_of, to_integers
from keras_vae.export.formats.tflite_model import foreign_operators
from keras_vae.export.runtimes.runtime import Arrays, Runtime


class LiteRT(Runtime):
    """Runs a TFLite file by its signatures, with the XNNPACK delegate that LiteRT applies itself.

    The integers of a file of integers are turned into numbers and back as the manifest's `quantization` says.
    """

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
                "inputs": _described(runner.get_input_details(), self._forms),
                "outputs": _described(runner.get_output_details(), self._forms),
            }
            for name, runner in self._runners.items()
        }

    def _call(self, signature: str, inputs: Arrays) -> Arrays:
        # A number is given an axis: LiteRT's packages for Linux on ARM crash at an input without any.
        given = {
            name: to_integers(value, self._forms[name]) if name in self._forms else np.atleast_1d(value)
            for name, value in inputs.items()
        }
        # The outputs are views of memory that the next call overwrites.
        return {
            name: from_integers(value, self._forms[name]) if name in self._forms else np.array(value)
            for name, value in self._runners[signature](**given).items()
        }

    @property
    def _forms(self) -> Mapping[str, Quantization]:
        return self.artifact.get("quantization") or {}


def _described(details: dict[str, dict[str, Any]], forms: Mapping[str, Quantization]) -> dict[str, Any]:
    """Return shapes and dtypes; of integers that are what the manifest says, the dtype of what they stand for."""
    return {
        name: {
            "shape": ["n" if side < 0 else int(side) for side in detail["shape_signature"]],
            "dtype": "float32" if forms.get(name) == quantization_of(detail) else np.dtype(detail["dtype"]).name,
        }
        for name, detail in details.items()
    }
