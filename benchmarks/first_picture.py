"""From process start to PNG or scores: `keras-vae` as whole processes, for a preset, a run and a bundle.

    keras-vae train --epochs 1 --output RUN
    python benchmarks/first_picture.py RUN --output benchmarks/first_picture.md

Each run is a new process of this Python, timed from outside until it has ended; the commands take turns, and one run of
each comes first and is left out, to fill the disk's cache. `user + system` and the peak of memory are what the
operating system counted for it: beside other work they tell more than seconds do. The last row is the run without its
bundle, which Keras draws.
"""

from __future__ import annotations

import argparse
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

GENERATE = "generate --seed 7 --output {folder}/grid.png"
SCORE = "score --output {folder}/scores.csv"
COMMANDS = {
    "import keras_vae": "",
    "keras-vae --help": "--help",
    "keras-vae generate --preset mnist_iwae_mlp": f"{GENERATE} --preset mnist_iwae_mlp",
    "keras-vae generate --preset mnist_conv_mixture": f"{GENERATE} --preset mnist_conv_mixture",
    "keras-vae generate --preset mnist_ladder": f"{GENERATE} --preset mnist_ladder",
    "keras-vae generate RUN": f"{GENERATE} {{run}}",
    "keras-vae generate BUNDLE": f"{GENERATE} {{run}}/bundle",
    "keras-vae score RUN PICTURE": f"{SCORE} {{run}} {{run}}/samples.png",
    "keras-vae score BUNDLE PICTURE": f"{SCORE} {{run}}/bundle {{run}}/samples.png",
    "keras-vae generate RUN, without its bundle": f"{GENERATE} {{folder}}/run",
}


def once(command: list[str]) -> tuple[float, float, float]:
    """Run a command; return its seconds, its processor seconds, and its peak of memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status}: expected 0")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3


def measure(run: Path, rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(run, Path(folder, "run"), ignore=shutil.ignore_patterns("bundle"))
        program = [sys.executable, "-m", "keras_vae.command_line.application"]
        commands = {
            name: [*program, *arguments.format(run=run, folder=folder).split()]
            if arguments
            else [sys.executable, "-c", "import keras_vae"]
            for name, arguments in COMMANDS.items()
        }
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, command in commands.items():
                figures = once(command)
                if turn:
                    found[name].append(figures)
    return found


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def report(found: dict[str, list[tuple[float, float, float]]], load: list[float]) -> str:
    rounds = len(next(iter(found.values())))
    lines = [
        "# From process start to the first picture",
        "",
        "    python benchmarks/first_picture.py RUN --output benchmarks/first_picture.md",
        "",
        f"{rounds} rounds on {os.cpu_count()} cores ({platform.machine()}), {date.today()}, Python "
        f"{platform.python_version()}. The",
        f"machine is shared: load averages over 1, 5 and 15 minutes of {', '.join(f'{each:.1f}' for each in load)} at",
        "the start. A cell is the median (smallest to largest).",
        "",
        "| command | seconds | user + system | MB |",
        "|---|---|---|---|",
    ]
    for name, figures in found.items():
        seconds, processor, memory = (list(column) for column in zip(*figures, strict=True))
        lines.append(f"| `{name}` | {spread(seconds)} | {spread(processor)} | {statistics.median(memory):.0f} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run folder with its bundle")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, required=True, help="the Markdown file to write")
    options = parser.parse_args()
    load = list(os.getloadavg())
    text = report(measure(options.run, options.rounds), load)
    options.output.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
