"""Training images per second: keras_vae beside the Keras example's style, PyTorch, torch.compile and JAX.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/against_peers.py --peers-python PEERS/bin/python

PEERS is a virtual environment with torch and jax (as in the extra `benchmark`; it may be the same one). Each
program in `benchmarks/peers/` runs in a process of its own and is told when to train an epoch: the peers take turns, in
an order that turns round every round, so that the machine's other work hits all alike. Same layers, same random images
of MNIST's size in memory, shuffled every epoch, Adam at 1e-3, as many threads as cores. keras_vae runs by its defaults.
Ratios are taken round by round. Floating-point operations are counted from the layers' matrix products alone, and
held against NumPy's float32 matrix product of 1024 x 1024, measured in the same rounds.

Writes against_peers.md and against_peers.json beside this file.
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
from pathlib import Path

FOLDER = Path(__file__).parent / "peers"
PROGRAMS = {
    "keras_vae": "with_keras.py",
    "keras_io": "with_keras.py",
    "torch_eager": "with_torch.py",
    "torch_compile": "with_torch.py",
    "jax_jit": "with_jax.py",
}
NAMES = {
    "keras_vae": "keras_vae, defaults",
    "keras_io": "Keras example's style",
    "torch_eager": "PyTorch eager",
    "torch_compile": "PyTorch torch.compile",
    "jax_jit": "JAX jit, donation",
}
# An epoch of the dense network is as long as MNIST's; that of the convolutional one is short, since some are slow.
IMAGES = {"dense": 61_440, "conv": 4_096}
# Multiplications in the products of one image: forward, and how many of them the first layer has, whose input needs no
# gradient. A training step takes three products where the forward pass takes one.
DENSE = (784 * 200 + 200 * 200 + 200 * 100 + 50 * 200 + 200 * 200 + 200 * 784, 784 * 200)
CONV = (
    14 * 14 * 9 * 32
    + 7 * 7 * 9 * 32 * 64
    + 3136 * 16
    + 16 * 4
    + 2 * 3136
    + 7 * 7 * 9 * 64 * 64
    + 14 * 14 * 9 * 64 * 32
    + 28 * 28 * 9 * 32,
    14 * 14 * 9 * 32,
)
OPERATIONS = {name: 2 * (3 * forward - first) for name, (forward, first) in {"dense": DENSE, "conv": CONV}.items()}


class Peer:
    """One program, which trains an epoch when told to."""

    def __init__(self, python: str, style: str, network: str, batch_size: int, images: int, threads: int) -> None:
        self.style, self.images = style, images
        command = [python, str(FOLDER / PROGRAMS.get(style, "with_numpy.py")), "--style", style]
        command += ["--network", network, "--batch-size", str(batch_size), "--images", str(images)]
        self.process = subprocess.Popen(
            [*command, "--threads", str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"},
        )

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.style} ended without an answer: see above")
        return json.loads(line)

    def train(self) -> dict:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.answer()


def measure(network: str, batch_size: int, rounds: int, images: int, pythons: dict[str, str], threads: int) -> dict:
    """Rates of each style by round."""
    peers = []
    versions: dict[str, str] = {}
    try:
        for style in [*PROGRAMS, "matmul"]:
            peer = Peer(pythons[style], style, network, batch_size, images, threads)
            peers.append(peer)
            versions |= peer.answer()["versions"]  # one after the other: each compiles alone
        found = {peer.style: [] for peer in peers}
        for number in range(rounds):
            for peer in peers if number % 2 else reversed(peers):
                found[peer.style].append(peer.train())
            print(f"{network}, batch {batch_size}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    finally:
        for peer in peers:
            peer.process.stdin.close()
            peer.process.wait(timeout=60)
    steps = images // batch_size
    return {
        "versions": versions,
        "images": steps * batch_size,
        "rates": {
            style: [steps * batch_size / one["seconds"] for one in ones]
            for style, ones in found.items()
            if style != "matmul"
        },
        "processor": {
            style: [1000 * one["processor_seconds"] / (steps * batch_size) for one in ones]
            for style, ones in found.items()
            if style != "matmul"
        },
        "losses": {style: [one["loss"] for one in ones] for style, ones in found.items() if style != "matmul"},
        "matmul": [one["loss"] for one in found["matmul"]],
    }


def quartiles(values: list[float]) -> str:
    if len(values) < 4:
        return f"{statistics.median(values):.2f}"
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def report(record: dict) -> str:
    lines = [
        "# Training speed beside peers",
        "",
        "Images a second, median over rounds. `ours / it` is the median of the rounds' ratios, with their quartiles;",
        "above 1 keras_vae is faster. The share is of the rate of NumPy's float32 matrix product in the same rounds,",
        "and counts the layers' products alone. The head of `against_peers.py` says how it is measured.",
        "",
        f"    {record['command']}",
        "",
        f"{record['rounds']} rounds on {record['cores']} cores ({record['processor']}), {record['date']}; "
        + ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        + f". Load averages {record['load_before']} before, {record['load_after']} after: the machine is shared.",
    ]
    for key, result in record["cases"].items():
        network, batch = key.split("/")
        lines += [
            "",
            f"## {network}, batch {batch}",
            "",
            "| | images a second | ours / it | processor seconds per 1000 images | share of matrix products |",
            "|---|---|---|---|---|",
        ]
        ours = result["rates"]["keras_vae"]
        for style, rates in result["rates"].items():
            ratio = quartiles([one / other for one, other in zip(ours, rates, strict=True)])
            share = [rate * OPERATIONS[network] / matmul for rate, matmul in zip(rates, result["matmul"], strict=True)]
            lines.append(
                f"| {NAMES[style]} | {statistics.median(rates):,.0f} | {'' if style == 'keras_vae' else ratio} | "
                f"{statistics.median(result['processor'][style]):.3f} | {statistics.median(share):.2f} |"
            )
    return "\n".join(lines) + "\n"


def processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", default=sys.executable, help="a Python with torch and jax (this one)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="two rounds, to try; writes nothing")
    parser.add_argument("--only", nargs="+", help="such as dense/128; the other cases stay as recorded")
    arguments = parser.parse_args()
    rounds = 2 if arguments.quick else arguments.rounds
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    pythons = dict.fromkeys(PROGRAMS, arguments.peers_python) | {"matmul": sys.executable}
    pythons |= {"keras_vae": sys.executable, "keras_io": sys.executable}
    record = {
        "command": "python benchmarks/against_peers.py --peers-python PEERS/bin/python"
        + (f" --rounds {rounds}" if rounds != 15 else ""),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "rounds": rounds,
        "cores": threads,
        "processor": processor_name(),
        "versions": {"Python": platform.python_version()},
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "cases": {},
    }
    for network in ("dense", "conv"):
        for batch_size in (128, 512):
            key = f"{network}/{batch_size}"
            if arguments.only and key not in arguments.only:
                continue
            result = measure(network, batch_size, rounds, IMAGES[network], pythons, threads)
            record["versions"] |= result.pop("versions")
            record["cases"][key] = result
    record["load_after"] = [round(load, 2) for load in os.getloadavg()]
    print(report(record))
    if not arguments.quick:
        path = Path(__file__)
        if arguments.only:
            recorded = json.loads(path.with_suffix(".json").read_text())["cases"]
            record["cases"] = {**recorded, **record["cases"]}
        path.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
        path.with_suffix(".md").write_text(report(record))


if __name__ == "__main__":
    main()
