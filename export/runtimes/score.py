"""Scores of images by a bundle's own files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_vae.export.runtimes.choose_file import choose_file
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
    return run.by_rows("score", rows, BATCH_SIZE, seed=np.int32(seed))


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
    encode, decode = (choose_file(manifest, name, runtime, precision) for name in ("encode", "decode"))
    latent = load_runtime(bundle, encode, manifest["artifacts"][encode])("encode", image=images, **given)["mean"]
    return load_runtime(bundle, decode, manifest["artifacts"][decode])("decode", latent=latent, **given)["image"]
