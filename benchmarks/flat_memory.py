"""Whether a process that goes on calling grows: what each of a few calls adds to its memory, again and again.

    nice -n 10 python benchmarks/flat_memory.py --output benchmarks/flat_memory.md

A tiny model of 8 x 8 images evaluates, generates, is saved and loaded 200 times, and exported 20 times. Memory is the
process' resident set after garbage was collected. The first fifth of the calls, in which TensorFlow traces, compiles
and fills its pools, is left out; MB a call is the slope of a straight line (least squares) through the others, and
seconds are the median of their first and of their last fifth: a call must not take longer the more there were.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path

import keras
import numpy as np

import keras_vae

CALLS, EXPORTS = 200, 20


def resident() -> float:
    """MB of memory that the process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def calls(folder: Path) -> dict[str, tuple[int, Callable[[], object]]]:
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]})
    images = np.random.default_rng(0).integers(0, 17, (64, 8, 8, 1)).astype("float32") / 16

    def save_and_load() -> None:
        model.save(folder / "model.keras")
        keras.models.load_model(folder / "model.keras")

    def export() -> None:
        keras_vae.export.export_bundle(model, folder / "bundle")
        shutil.rmtree(folder / "bundle")

    return {
        "`evaluate`": (CALLS, lambda: keras_vae.evaluate(model, images, importance_samples=10)),
        "`generate`": (CALLS, lambda: model.generate(16, seed=7)),
        "`save` and `load_model`": (CALLS, save_and_load),
        "`export_bundle`": (EXPORTS, export),
    }


def measure(count: int, call: Callable[[], object]) -> tuple[float, float, float, float]:
    """Return MB a call, MB at the end, and the median seconds of the first and of the last fifth."""
    memory, seconds = [], []
    for _ in range(count):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
        memory.append(resident())
    begun, fifth = count // 5, count // 5
    slope = float(np.polyfit(np.arange(count - begun), memory[begun:], 1)[0])
    first, last = statistics.median(seconds[begun : begun + fifth]), statistics.median(seconds[-fifth:])
    return slope, memory[-1], first, last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="the Markdown file to write")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = [
        "# Memory and time, call after call",
        "",
        "    nice -n 10 python benchmarks/flat_memory.py --output benchmarks/flat_memory.md",
        "",
        f"One process on {os.cpu_count()} cores ({platform.machine()}), {date.today()}, Python "
        f"{platform.python_version()}, load average {os.getloadavg()[0]:.1f}:",
        "the machine is shared, so seconds swing. The head of `flat_memory.py` says how it is measured.",
        "",
        "| call | times | MB a call | MB at the end | seconds, first | seconds, last |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, (count, call) in calls(Path(folder)).items():
            slope, end, first, last = measure(count, call)
            lines.append(f"| {name} | {count} | {slope:.3f} | {end:.0f} | {first:.3f} | {last:.3f} |")
            print(lines[-1], flush=True)
    options.output.write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
