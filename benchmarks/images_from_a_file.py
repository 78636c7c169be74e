"""Training on more images than memory holds: beside the same training from memory, and alone on 20 GB.

    python benchmarks/images_from_a_file.py --work WORK --output benchmarks/images_from_a_file.md

Makes `.npy` files of colour images of 96 x 96 pixels in WORK: one of `--gigabytes`, and one of 1 GB. Every measurement
is a process of its own, which loads the training split and takes `--steps` steps of `image_conv` in batches of 64:

- of the 1 GB from memory and from the prepared file, in turns, `--rounds` times: images a second after the first 32
  steps;
- of the large file, twice: first it is prepared, then found again. The first step counts from the start of loading.

Resident memory is the process' largest, less that of one which trains the same on 256 images.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

SIDE, BATCH, WARM = 96, 64, 32
IMAGE_BYTES = SIDE * SIDE * 3


def make(path: Path, gigabytes: float) -> Path:
    """Write random pixels, smooth enough that a network finds something in them; nothing if they are there."""
    count = max(256, int(gigabytes * 1e9 / IMAGE_BYTES))
    if path.exists() and np.load(path, mmap_mode="r").shape[0] == count:
        return path
    rng = np.random.default_rng(0)
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, SIDE, SIDE, 3))
    for start in range(0, count, 1024):
        here = min(1024, count - start)
        coarse = rng.integers(0, 256, (here, 6, 6, 3), np.uint8)
        images[start : start + here] = coarse.repeat(16, axis=1).repeat(16, axis=2)
    images.flush()
    return path


def largest_resident() -> int:
    """The most kilobytes that this process had; `getrusage` counts those of the one that started it too."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def measure(path: Path, budget: float | None, steps: int) -> dict[str, float]:
    """Load and train, in this process."""
    import keras

    import keras_vae

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.times: list[float] = []

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            self.times.append(time.perf_counter())

    model = keras_vae.VAE.from_preset("image_conv", image_shape=(SIDE, SIDE, 3))
    model.compile(steps_per_execution=1)
    clock, start = Clock(), time.perf_counter()
    images = keras_vae.load_dataset(path, batch_size=BATCH, memory_budget=budget).repeat()
    loaded = time.perf_counter()
    model.fit(images, steps_per_epoch=steps, verbose=0, callbacks=[clock])
    warm = clock.times[min(WARM, steps - 2)]
    return {
        "load_s": loaded - start,
        "first_step_s": clock.times[0] - start,
        "images_per_s": BATCH * (steps - 1 - min(WARM, steps - 2)) / (clock.times[-1] - warm),
        "resident_mb": largest_resident() / 1e3,
    }


def in_a_process(work: Path, path: Path, budget: float | None, steps: int) -> dict[str, float]:
    """Measure in a process whose cache is in `work`."""
    command = [sys.executable, __file__, "--measure", str(path), "--steps", str(steps), "--work", str(work)]
    command += [] if budget is None else ["--budget", str(budget)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(work / "cache"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--budget", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.measure, asked.budget, asked.steps)))
        return
    asked.work.mkdir(parents=True, exist_ok=True)
    few = make(asked.work / "few.npy", 0)
    some = make(asked.work / "some.npy", 1)
    many = make(asked.work / "many.npy", asked.gigabytes)
    alone = in_a_process(asked.work, few, None, asked.steps)["resident_mb"]
    in_a_process(asked.work, some, 1e-3, 2)  # prepares it
    rounds = [
        {
            name: in_a_process(asked.work, some, budget, asked.steps)
            for name, budget in (("memory", 100), ("file", 1e-3))
        }
        for _ in range(asked.rounds)
    ]
    large = [in_a_process(asked.work, many, 1e-3, asked.steps) for _ in range(2)]

    speed = {name: statistics.median(each[name]["images_per_s"] for each in rounds) for name in ("memory", "file")}
    ratio = statistics.median(each["file"]["images_per_s"] / each["memory"]["images_per_s"] for each in rounds)
    rows = [("1 GB, from memory", rounds[-1]["memory"]), ("1 GB, from its file", rounds[-1]["file"])]
    rows += [
        (f"{asked.gigabytes:g} GB, {how}", found) for how, found in zip(("prepared", "found again"), large, strict=True)
    ]
    lines = [
        "# Images from a file",
        "",
        "The head of `images_from_a_file.py` says how it is measured.",
        "",
        f"    python benchmarks/images_from_a_file.py --work WORK --gigabytes {asked.gigabytes:g} "
        f"--rounds {asked.rounds}",
        "",
        f"{os.cpu_count()} cores ({platform.machine()}), {date.today()}; load average {os.getloadavg()[0]:.1f} at the "
        "end; the machine is shared.",
        "",
        f"From its file 1 GB trains at {ratio:.2f} of the speed from memory: {speed['file']:.0f} and",
        f"{speed['memory']:.0f} images a second, medians of {asked.rounds} rounds.",
        "",
        "| images | loading, s | first step, s | resident memory beyond TensorFlow's own, MB |",
        "|---|---|---|---|",
        *(
            f"| {name} | {found['load_s']:.1f} | {found['first_step_s']:.1f} | {found['resident_mb'] - alone:.0f} |"
            for name, found in rows
        ),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if asked.output:
        asked.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
