"""One loaded file of a bundle: its signatures as functions of NumPy arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae import registry
from keras_vae.checks.shown import first_line

Arrays = dict[str, np.ndarray]


class Runtime(ABC):
    """A file that was loaded by its own runtime.

    Args:
        path: the file, or the SavedModel's folder.
        artifact: the manifest's entry of it.
        threads: how many it may compute with; the runtime's own choice where it offers none.

    Raises:
        ValueError: a file that its runtime cannot load, or that could do more than compute, which is not loaded.
    """

    def __init__(self, path: Path, artifact: Mapping[str, Any], threads: int = 1) -> None:
        self.path = path
        self.artifact = artifact
        try:
            foreign = self._foreign(path)
            if not foreign:
                self._load(path, threads)
        except Exception as error:  # every runtime raises its own
            raise ValueError(
                f"{path} cannot be loaded ({first_line(error)}): expected an undamaged file; restore it, or export the "
                "model again"
            ) from error
        if foreign:
            raise ValueError(
                f"{path} uses {', '.join(foreign)}: expected operators that only compute, as keras-vae export writes "
                "them; ask whoever made the file before you run it"
            )

    @abstractmethod
    def _foreign(self, path: Path) -> list[str]:
        """Return what of the file is not its format's own, or could do more than compute; without loading it."""

    @abstractmethod
    def _load(self, path: Path, threads: int) -> None:
        """Load the file."""

    @abstractmethod
    def signatures(self) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
        """Return what the file itself says of its signatures, in the manifest's form.

        Each has `inputs` and `outputs`, and each of their tensors `shape`, "n" where it is free, and `dtype`.
        """

    @abstractmethod
    def _call(self, signature: str, inputs: Arrays) -> Arrays:
        """Run one signature on one batch."""

    def __call__(self, signature: str, **inputs: Any) -> Arrays:
        """Run one signature.

        Args:
            signature: "encode", "decode", "reconstruct" or "generate".
            inputs: its inputs by name, float32 or int32. Where the file takes a fixed number of images, they are cut
                into as many and the outputs joined.

        Raises:
            ValueError: a signature that the file lacks, or inputs that are not its own: of another name, dtype or
                shape, not finite, or a negative index.
        """
        if signature not in self.artifact["signatures"]:
            raise ValueError(
                f"{self.path} has no {signature!r}: expected one of {', '.join(self.artifact['signatures'])}"
            )
        inputs = {name: np.asarray(value) for name, value in inputs.items()}
        self._check(signature, inputs)
        batch = self.artifact["batch"]
        if batch is None:
            return self._call(signature, inputs)
        return _in_batches(lambda part: self._call(signature, part), inputs, batch)

    def by_rows(self, signature: str, rows: Arrays, at_a_time: int, **numbers: Any) -> Arrays:
        """Run one signature on many rows, some at a time, with the same `numbers` for all, and join the outputs."""
        count = len(next(iter(rows.values())))
        parts = [
            self(signature, **{name: values[start : start + at_a_time] for name, values in rows.items()}, **numbers)
            for start in range(0, count, at_a_time)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @cached_property
    def _inputs(self) -> dict[str, dict[str, dict[str, Any]]]:
        return {name: signature["inputs"] for name, signature in self.signatures().items()}

    def _check(self, signature: str, inputs: Arrays) -> None:
        expected = self._inputs[signature]
        if inputs.keys() != expected.keys():
            raise ValueError(f"inputs of {signature} in {self.path} are {sorted(inputs)}: expected {sorted(expected)}")
        for name, value in inputs.items():
            dtype, shape = expected[name]["dtype"], ["n", *expected[name]["shape"][1:]][: len(expected[name]["shape"])]
            fits = len(shape) == value.ndim and list(value.shape[1:]) == shape[1:]
            if value.dtype != dtype or not fits:
                raise ValueError(
                    f"{name} of {signature} in {self.path} is {value.dtype} {list(value.shape)}: expected {dtype} "
                    f"{shape}; convert it"
                )
            if not np.isfinite(value).all():
                raise ValueError(
                    f"{name} of {signature} in {self.path} is not finite: expected numbers; correct or drop them"
                )
            if name == "index" and value.size and value.min() < 0:
                raise ValueError(f"index of {signature} in {self.path} is {value.min()}: expected at least 0; raise it")


def _in_batches(call: Callable[[Arrays], Arrays], inputs: Arrays, batch: int) -> Arrays:
    """Call with `batch` rows at a time, the last row repeated to fill the last batch; scalars go to every call."""
    count = next(len(value) for value in inputs.values() if value.ndim)
    outputs = []
    for start in range(0, count, batch):
        rows = np.minimum(np.arange(start, start + batch), count - 1)
        outputs.append(call({name: value[rows] if value.ndim else value for name, value in inputs.items()}))
    return {name: np.concatenate([part[name] for part in outputs])[:count] for name in outputs[0]}


def load_runtime(bundle: Path, path: str, artifact: Mapping[str, Any], threads: int = 1) -> Runtime:
    """Load one file of a bundle.

    Args:
        bundle: the bundle's folder.
        path: the file's path in it, a key of the manifest's `artifacts`.
        artifact: the manifest's entry of it.
        threads: how many the runtime may compute with; 1 by default.

    Raises:
        ValueError: a file that cannot be loaded.
    """
    return registry.load("runtime", artifact["runtime"])(bundle / path, artifact, threads)
