"""ONNX Runtime, for the ONNX files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from keras_vae.export.formats.onnx_operators import foreign_operators
from keras_vae.export.runtimes.runtime import Arrays, Runtime

_DTYPES = {"tensor(float)": "float32", "tensor(int32)": "int32"}


class ONNXRuntime(Runtime):
    """Runs an ONNX file, which has one signature, on the processor."""

    def _foreign(self, path: Path) -> list[str]:
        return foreign_operators(path)

    def _load(self, path: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def signatures(self) -> dict[str, Any]:
        """See `Runtime`."""
        return {
            self.artifact["signatures"][0]: {
                "inputs": _described(self._session.get_inputs()),
                "outputs": _described(self._session.get_outputs()),
            }
        }

    def _call(self, signature: str, inputs: Arrays) -> Arrays:
        names = [output.name for output in self._session.get_outputs()]
        found = self._session.run(names, inputs)
        return {name: np.asarray(value) for name, value in zip(names, found, strict=True)}


def _described(tensors: Iterable[Any]) -> dict[str, Any]:
    return {
        tensor.name: {"shape": list(tensor.shape), "dtype": _DTYPES.get(tensor.type, tensor.type)} for tensor in tensors
    }
