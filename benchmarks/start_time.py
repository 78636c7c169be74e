"""From process start to the first PNG: `generate.py` of a bundle beside the SavedModel in TensorFlow.

    python benchmarks/start_time.py BUNDLE --output benchmarks/start_time.md

Three programs write the same picture, 16 images of one seed. Two are the bundle's `generate.py`, one for each
runtime, which also checks the file's SHA-256. The third imports TensorFlow, loads the SavedModel, calls its `generate`
and draws the grid with the same function of `generate.py`. Each run is a new process of this Python, timed from outside
until it has ended. The programs take turns, in an order that turns round every time; one run of each comes first and is
left out, to fill the disk's cache. Before timing, the three pictures are compared: no pixel may differ by more than one
level of 255.

Ratios are taken round by round. Exits with status 1 if `generate.py` takes more than a tenth of TensorFlow's time.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TENSORFLOW = "TensorFlow"
COUNT, SEED = 16, 7
GOAL = 0.1
PACKAGES = ("tensorflow", "ai-edge-litert", "onnxruntime", "numpy", "pillow")

SAVED_MODEL = f"""
import sys
import numpy as np
import tensorflow as tf
from PIL import Image

bundle, output = sys.argv[1:]
sys.path.insert(0, bundle)
from generate import grid

generate = tf.saved_model.load(bundle + "/saved_model").signatures["generate"]
out = generate(index=tf.range({COUNT}), seed=tf.constant({SEED}), temperature=tf.constant(1.0))
Image.fromarray(grid(out["image"].numpy())).save(output)
"""


def commands(bundle: Path, pictures: Path) -> dict[str, list[str]]:
    """The programs, by name; each writes its picture to its own file."""
    consumer = [sys.executable, str(bundle / "generate.py"), f"--count={COUNT}", f"--seed={SEED}"]
    return {
        TENSORFLOW: [sys.executable, "-c", SAVED_MODEL, str(bundle), str(pictures / f"{TENSORFLOW}.png")],
        "tflite": [*consumer, "--runtime=tflite", f"--output={pictures / 'tflite.png'}"],
        "onnx": [*consumer, "--runtime=onnx", f"--output={pictures / 'onnx.png'}"],
    }


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(bundle: Path, rounds: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "bundle"
        shutil.copytree(bundle, copy)
        shutil.copy(ROOT / "export/consumers/generate.py", copy / "generate.py")
        programs = commands(copy, Path(folder))
        for command in programs.values():
            seconds(command)
        pictures = [np.asarray(Image.open(Path(folder) / f"{name}.png")).astype(int) for name in programs]
        difference = max(int(np.abs(picture - pictures[0]).max()) for picture in pictures)
        if difference > 1:
            raise SystemExit(f"the pictures differ by {difference} of 255: expected at most 1")
        times: dict[str, list[float]] = {name: [] for name in programs}
        names = list(programs)
        for turn in range(rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                times[name].append(seconds(programs[name]))
    return times


def spread(values: list[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def report(times: dict[str, list[float]], bundle: Path, load: list[str]) -> str:
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)
    rounds = len(times[TENSORFLOW])
    lines = [
        "# From process start to the first PNG",
        "",
        f"`generate.py` of the bundle `{bundle.name}` beside its SavedModel in TensorFlow: each is a new process that",
        f"writes the same {COUNT} images of seed {SEED}. The head of `start_time.py` says how it is measured.",
        "",
        f"    python benchmarks/start_time.py {bundle.name} --rounds {rounds} --output benchmarks/start_time.md",
        "",
        f"{rounds} rounds on {os.cpu_count()} cores ({platform.machine()}), {date.today()};",
        f"Python {platform.python_version()}, {versions}.",
        f"Load averages over 1, 5 and 15 minutes: {load[0]} before, {load[1]} after; the machine is shared.",
        "A cell is the median (smallest to largest); ratios are taken round by round.",
        "",
        f"| program | seconds | / {TENSORFLOW} |",
        "|---|---|---|",
    ]
    for name, values in times.items():
        ratios = [value / base for value, base in zip(values, times[TENSORFLOW], strict=True)]
        label = f"SavedModel in {name}" if name == TENSORFLOW else f"`generate.py --runtime {name}`"
        lines.append(f"| {label} | {spread(values, 2)} | {spread(ratios, 3)} |")
    return "\n".join([*lines, "", f"The goal is a median ratio of at most {GOAL}.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path, help="a bundle with tflite/vae.tflite and onnx/generate.onnx")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--output", type=Path, required=True, help="the Markdown file to write")
    options = parser.parse_args()
    load = [str([round(value, 2) for value in os.getloadavg()])]
    times = measure(options.bundle, options.rounds)
    load.append(str([round(value, 2) for value in os.getloadavg()]))
    text = report(times, options.bundle, load)
    options.output.write_text(text, "utf-8")
    print(text)
    for name, values in times.items():
        ratio = statistics.median(value / base for value, base in zip(values, times[TENSORFLOW], strict=True))
        if name != TENSORFLOW and ratio > GOAL:
            raise SystemExit(f"{name} takes {ratio:.3f} of TensorFlow's time: expected at most {GOAL}")


if __name__ == "__main__":
    main()
