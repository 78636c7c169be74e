"""Scores of images by a bundle's own files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.export.runtimes.runtime import Arrays, Runtime, load_runtime

BATCH_SIZE = 16  # images a call, each of which is decoded as often as there are samples


def scores_by(run: Runtime, images: np.ndarray, given: Mapping[str, Any], seed: int) -> Arrays:
    """Return `elbo`, `reconstruction`, `kl` and `bound` of images, float32 `[n]` each, in nats; rows count from 0.

    Args:
        run: a loaded file with the signature `score`.
        images: float32 `[n, H, W, C]` in [0, 1].
        given: of a conditional model, `label` int32 `[n]`.
        seed: an int32.
    """
    rows = {"image": images, "index": np.arange(len(images), dtype=np.int32), **given}
    parts = []
    for start in range(0, len(images), BATCH_SIZE):
        some = {name: values[start : start + BATCH_SIZE] for name, values in rows.items()}
        parts.append(run("score", **some, seed=np.int32(seed)))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def choose_file(manifest: Mapping[str, Any], runtime: str, precision: str = "float32", signature: str = "score") -> str:
    """Return the path of the file with a signature in a runtime.

    Raises:
        ValueError: a bundle whose files score nothing, or a runtime or precision that it lacks.
    """
    if "score" not in manifest:
        raise ValueError(
            f"the bundle was written by keras_vae {manifest['versions']['keras_vae']} without scores: expected one of "
            "a version after 0.1.0, which writes them; export the model again, or score by the run"
        )
    holding = {
        (artifact["runtime"], artifact["precision"]): path
        # Of several the last counts: one that takes any number of images.
        for path, artifact in sorted(manifest["artifacts"].items(), key=lambda item: item[1]["batch"] is None)
        if signature in artifact["signatures"]
    }
    if (runtime, precision) not in holding:
        known = ", ".join(" ".join(pair) for pair in holding) or "none"
        raise ValueError(
            f"the bundle has no {signature} for {runtime} in {precision}: expected one of {known}; choose one of them"
        )
    return holding[runtime, precision]


def reconstruct_by(
    bundle: Path, manifest: Mapping[str, Any], path: str, images: np.ndarray, given: Mapping[str, Any]
) -> np.ndarray:
    """Return the reconstructions of images, float32 `[n, H, W, C]`, by a file or, of ONNX, the two beside it.

    Args:
        bundle: the folder.
        manifest: its manifest.
        path: the file, as `choose_file` returns it.
        images: float32 `[n, H, W, C]` in [0, 1].
        given: of a conditional model, `label` int32 `[n]`.
    """
    artifact = manifest["artifacts"][path]
    if "reconstruct" in artifact["signatures"]:
        return load_runtime(bundle, path, artifact)("reconstruct", image=images, **given)["image"]
    runtime, precision = artifact["runtime"], artifact["precision"]
    encode, decode = (choose_file(manifest, runtime, precision, name) for name in ("encode", "decode"))
    latent = load_runtime(bundle, encode, manifest["artifacts"][encode])("encode", image=images, **given)["mean"]
    return load_runtime(bundle, decode, manifest["artifacts"][decode])("decode", latent=latent, **given)["image"]
