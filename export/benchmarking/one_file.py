"""Measures one file of a bundle, in a process of its own: `python -m keras_vae.export.benchmarking.one_file`."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from keras_vae import registry
from keras_vae.data.labels import label_input
from keras_vae.export.runtimes.runtime import load_runtime

BATCH = 64
WARM_UP, CALLS, SECONDS = 3, 20, 0.3  # a median over at least so many calls, and as many more as fit the time


def measure(bundle: Path, path: str) -> dict[str, float | str]:
    """Load a file and time it, with one thread.

    Args:
        bundle: the folder.
        path: of the file in it, a key of the manifest's `artifacts`.

    Returns:
        `signature`, the one timed; `load_seconds`; `one_seconds` and `batch_seconds`, of a call for one image and for
        64; `peak_bytes` of the process's memory, and `runtime_bytes`, what it took before the file was loaded.
    """
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    artifact = manifest["artifacts"][path]
    registry.load("runtime", artifact["runtime"])  # imports it
    if artifact["runtime"] == "saved_model":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    alone = _peak_bytes()
    started = time.perf_counter()
    run = load_runtime(bundle, path, artifact, threads=1)
    load_seconds = time.perf_counter() - started
    signature = next(name for name in ("generate", "decode", "encode", "score") if name in artifact["signatures"])
    inputs = {n: _inputs(signature, n, manifest["model"]) for n in (1, BATCH)}
    return {
        "signature": signature,
        "load_seconds": load_seconds,
        "one_seconds": _seconds(lambda: run(signature, **inputs[1])),
        "batch_seconds": _seconds(lambda: run(signature, **inputs[BATCH])),
        "peak_bytes": _peak_bytes(),
        "runtime_bytes": alone,
    }


def _inputs(signature: str, count: int, model: dict[str, Any]) -> dict[str, np.ndarray]:
    return {**_values(signature, count, model), **label_input(model["classes"], range(count))}


def _values(signature: str, count: int, model: dict[str, Any]) -> dict[str, np.ndarray]:
    if signature == "generate":
        numbers = {"seed": np.int32(7), "temperature": np.float32(1)}
        return {"index": np.arange(count, dtype=np.int32), **numbers}
    generator = np.random.default_rng(0)
    if signature == "decode":
        return {"latent": generator.standard_normal((count, model["latent_dim"]), np.float32)}
    images = {"image": generator.random((count, *model["image_shape"]), np.float32)}
    rows = {"index": np.arange(count, dtype=np.int32), "seed": np.array(7, np.int32)} if signature == "score" else {}
    return {**images, **rows}


def _seconds(call: Callable[[], object]) -> float:
    for _ in range(WARM_UP):
        call()
    times: list[float] = []
    while len(times) < CALLS or sum(times) < SECONDS:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


def _peak_bytes() -> int:
    status = Path("/proc/self/status")
    if status.is_file():  # Linux, whose rusage begins with the peak of the process that started this one
        return 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), sys.argv[2])))
