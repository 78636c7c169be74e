"""All files of a bundle measured side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from keras_vae.export.verification.verify import FileReport, verify_bundle

TIMED = ("load_seconds", "one_seconds", "batch_seconds", "peak_bytes", "runtime_bytes")


def benchmark_bundle(
    bundle: Path, rounds: int = 3, progress: Callable[[str], None] = lambda path: None
) -> list[dict[str, Any]]:
    """Verify a bundle, then measure every file in processes of its own, one thread each, in interleaved rounds.

    Args:
        bundle: the folder.
        rounds: how often each file is measured; the median counts. 3 by default.
        progress: called with the path of the file about to be measured; nothing by default.

    Returns:
        A dict a file: `path`, `runtime`, `precision`, `signature` timed, `bytes`, `load_seconds`, `one_seconds` for one
        image, `batch_seconds` for 64, `peak_bytes` of the process's memory, `runtime_bytes` of it before the file was
        loaded, `largest_error` of a pixel and `nats_lost`.

    Raises:
        BundleError: a bundle that is not good.
        ValueError: fewer than one round, or a file whose process failed.
    """
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}: expected at least 1, such as 3")
    files = verify_bundle(bundle).files
    measured: dict[str, list[dict[str, Any]]] = {file.path: [] for file in files}
    for _ in range(rounds):
        for file in files:
            progress(file.path)
            measured[file.path].append(_in_a_process(bundle, file.path))
    return [_row(bundle, file, measured[file.path]) for file in files]


def _in_a_process(bundle: Path, path: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "keras_vae.export.benchmarking.one_file", str(bundle), path]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise ValueError(
            f"{path} could not be measured ({reason}): expected a file that runs; free some memory, or verify the "
            "bundle"
        )
    return json.loads(done.stdout.strip().splitlines()[-1])


def _row(bundle: Path, file: FileReport, found: list[dict[str, Any]]) -> dict[str, Any]:
    path = bundle / file.path
    parts = [part for part in path.rglob("*") if part.is_file()] if path.is_dir() else [path]
    return {
        "path": file.path,
        "runtime": file.runtime,
        "precision": file.precision,
        "signature": found[0]["signature"],
        "bytes": sum(part.stat().st_size for part in parts),
        **{name: median(one[name] for one in found) for name in TIMED},
        "largest_error": file.largest_error,
        "nats_lost": file.nats_lost,
    }
