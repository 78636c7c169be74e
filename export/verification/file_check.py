"""One file of a bundle judged: its operators, signatures, agreement with Keras and cost in nats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.checks.shown import first_line
from keras_vae.export.formats.artifact import count_operators
from keras_vae.export.runtimes.runtime import Arrays, Runtime, load_runtime
from keras_vae.export.verification.agreement import Agreement

if TYPE_CHECKING:
    from keras_vae.export.verification.cost import Elbo
    from keras_vae.export.verification.score_check import ScoreCheck


@dataclass(frozen=True)
class FileReport:
    """What was found of one file.

    Attributes:
        path: in the bundle.
        runtime, precision: as in the manifest.
        largest_error: of a pixel in [0, 1] against the reference; None where the file gives no images.
        nats_lost: the original's ELBO less that with this file as "decode" or "encode", or as its "score" tells it, in
            nats per image.
        misses: what is wrong, a line each; none if the file is good.
    """

    path: str
    runtime: str
    precision: str
    largest_error: float | None
    nats_lost: dict[str, float]
    misses: tuple[str, ...]


@dataclass(frozen=True)
class FileCheck:
    """Checks the files of a bundle whose integrity is known.

    Args:
        bundle: the folder.
        manifest: its manifest; `largest_error` and `nats_lost` of the artifacts are not read.
        golden: its golden values.
        elbo: over the images to judge by; None to judge by the golden values alone. Then no operators are counted,
            which takes TensorFlow too.
        original: the ELBO to compare with, Keras' own; None where the likelihood cannot be told from images.
        reference: the SavedModel, or what stands for it.
        scores: of golden values, on the bundle's own images; None in bundles of versions before scores.
    """

    bundle: Path
    manifest: Mapping[str, Any]
    golden: Mapping[str, Any]
    elbo: Elbo | None
    original: float | None
    reference: Callable[..., Arrays]
    scores: ScoreCheck | None

    def __call__(self, path: str) -> FileReport:
        """Check one file."""
        artifact = self.manifest["artifacts"][path]
        misses: list[str] = []
        error, lost = None, {}
        try:
            if self.elbo is not None:
                misses += self._wrong_operators(path, artifact)
            runtime = self._loaded(path, artifact)
            misses += wrong_signatures(runtime, self.manifest)
            if not misses:
                tolerance = self.manifest["tolerances"][artifact["precision"]]
                bit_exact = self.manifest["model"]["bit_exact"]
                agreement = Agreement(runtime, self.golden, self.reference, tolerance, bit_exact)
                misses += agreement.misses
                error, lost = agreement.largest_error, self._nats_lost(runtime)
                if self.scores is not None and "score" in artifact["signatures"]:
                    lost["score"], wrong = self.scores(runtime, self.manifest["nats_tolerances"][artifact["precision"]])
                    misses += wrong
                misses = [*self._too_costly(lost, artifact["precision"]), *misses]  # what tells most comes first
        except Exception as failure:  # every runtime raises its own; none may let a file pass
            misses.append(f"could not be run ({first_line(failure)})")
        return FileReport(path, artifact["runtime"], artifact["precision"], error, lost, tuple(misses))

    def _loaded(self, path: str, artifact: Mapping[str, Any]) -> Runtime:
        """Return the file, loaded; a deep model's SavedModel takes seconds, and is there as the reference."""
        if isinstance(self.reference, Runtime) and self.reference.path == self.bundle / path:
            return self.reference
        return load_runtime(self.bundle, path, artifact)

    def _wrong_operators(self, path: str, artifact: Mapping[str, Any]) -> list[str]:
        found = count_operators(self.bundle / path, artifact["runtime"])
        if found == artifact["operators"]:
            return []
        names = found.keys() | artifact["operators"].keys()
        wrong = sorted(name for name in names if found.get(name) != artifact["operators"].get(name))
        return [f"it does not use the operators that the manifest counts: {', '.join(wrong)}"]

    def _nats_lost(self, runtime: Runtime) -> dict[str, float]:
        elbo, lost = self.elbo, {}
        if elbo is None or self.original is None:
            return lost

        if "decode" in runtime.artifact["signatures"]:
            lost["decode"] = self.original - _elbo_by(elbo, self.reference, runtime)
        if "encode" in runtime.artifact["signatures"]:
            lost["encode"] = self.original - _elbo_by(elbo, runtime, self.reference)
        return lost

    def _too_costly(self, lost: Mapping[str, float], precision: str) -> list[str]:
        limit = self.manifest["nats_tolerances"][precision]
        return [
            f"{role} loses {nats:.3g} nats per image: expected at most {limit:g}"
            for role, nats in lost.items()
            if not nats <= limit
        ]


def wrong_signatures(runtime: Runtime, manifest: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the names, shapes and dtypes of a file's inputs and outputs, a line a signature."""
    found, misses = runtime.signatures(), []
    for name in runtime.artifact["signatures"]:
        if name not in found:
            misses.append(f"it lacks the signature {name}")
        elif found[name] != _with_batch(manifest["signatures"][name], runtime.artifact["batch"]):
            misses.append(f"the inputs or outputs of {name} are {found[name]}: expected the manifest's")
    return misses


def _with_batch(signature: Mapping[str, Any], batch: int | None) -> dict[str, Any]:
    if batch is None:
        return dict(signature)
    return {
        side: {
            name: {**tensor, "shape": [batch if length == "n" else length for length in tensor["shape"]]}
            for name, tensor in tensors.items()
        }
        for side, tensors in signature.items()
    }


def original_elbo(elbo: Elbo, reference: Runtime) -> float | None:
    """Return the ELBO of the reference, for images on which Keras itself was not judged; None if it cannot be told."""
    return _elbo_by(elbo, reference, reference) if elbo.can_be_told else None


def _elbo_by(elbo: Elbo, encoder: Callable[..., Arrays], decoder: Callable[..., Arrays]) -> float:
    return elbo.evaluate(
        lambda images: encoder("encode", image=images, **elbo.given),
        lambda z: decoder("decode", latent=np.asarray(z), **elbo.given)["image"],
    )["elbo"]
