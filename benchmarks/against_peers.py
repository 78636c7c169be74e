"""Training images per second: keras_vae beside the Keras example's style, PyTorch, torch.compile and JAX.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/against_peers.py --peers-python PEERS/bin/python

PEERS is a virtual environment with torch, jax and keras (as in the extra `benchmark`; it may be the same one). Each
program in `benchmarks/peers/` runs in a process of its own and is told when to train an epoch: the peers take turns, in
an order that turns round every round, so that the machine's other work hits all alike. Same layers, same random images
in memory, shuffled every epoch, Adam at 1e-3, as many threads as cores. keras_vae runs by its defaults; PyTorch has its
channels last. Ratios are taken round by round. Floating-point operations are counted from the layers' matrix products
alone, and held against NumPy's float32 matrix product of 1024 x 1024, measured in the same rounds.

    dense     784-200-200-50, tanh: the preset mnist_iwae_mlp
    conv      the layers of the Keras documentation's VAE example, 28 x 28
    colour32  the preset image_conv at 32 x 32 x 3, a mixture of logistics, as `keras-vae train` builds it
    colour64  the same at 64 x 64 x 3
    ladder    the preset mnist_ladder: nine groups of latents and the posterior top_down

--check trains nothing. It gives the programs of the last three the same weights, images and noise, and holds their
losses and their numbers of weights against keras_vae's: it fails where a loss differs by more than 1e-4 of itself.

Writes against_peers.md and against_peers.json beside this file; what was not measured stays in them as recorded.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
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
# An epoch of the dense network is as long as MNIST's; those of the others are short, since some are slow.
IMAGES = {"dense": 61_440, "conv": 4_096, "colour32": 1_024, "colour64": 384, "ladder": 512}
BATCHES = {"dense": (128, 512), "conv": (128, 512), "colour32": (128,), "colour64": (128,), "ladder": (128,)}
CHECKED = ("colour32", "colour64", "ladder")
TOLERANCE = 1e-4


class Peer:
    """One program, which trains an epoch when told to."""

    def __init__(self, python: str, style: str, network: str, batch_size: int, images: int, *more: str) -> None:
        self.style, threads = style, str(cores())
        command = [python, str(FOLDER / PROGRAMS.get(style, "with_numpy.py")), "--style", style, "--network", network]
        command += ["--batch-size", str(batch_size), "--images", str(images), "--threads", threads, *more]
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": threads, "TF_CPP_MIN_LOG_LEVEL": "3"},
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

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)


def styles_of(network: str, without: list[str]) -> list[str]:
    """Who takes part: the Keras documentation's example has no ladder."""
    return [style for style in PROGRAMS if style not in without and (network, style) != ("ladder", "keras_io")]


def check(networks: list[str], without: list[str], pythons: dict[str, str]) -> bool:
    """Print loss and number of weights of each program for the same weights, images and noise; return whether equal."""
    equal = True
    for network in networks:
        with tempfile.TemporaryDirectory() as folder:
            path, ours = str(Path(folder) / "check.npz"), {}
            for style in styles_of(network, without):
                peer = Peer(pythons[style], style, network, 1, 1, "--check", path)
                found = peer.answer()
                peer.end()
                ours = ours or found  # whose program wrote the file
                difference = abs(found["loss"] / ours["loss"] - 1)
                equal &= difference <= TOLERANCE and found["weights"] == ours["weights"]
                print(
                    f"{network:9} {NAMES[style]:22} {found['weights']:9,} weights, loss {found['loss']:.4f}, "
                    f"relative difference {difference:.1e}",
                    flush=True,
                )
    return equal


def measure(network: str, batch_size: int, rounds: int, images: int, without: list[str], pythons: dict) -> dict:
    """Rates of each style by round."""
    peers, started, cold = [], [], {}
    case = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "rounds": rounds, "cores": cores()}
    case |= {"processor_name": processor_name(), "load_before": load_averages()}
    try:
        for style in [*styles_of(network, without), "matmul"]:
            peer = Peer(pythons[style], style, network, batch_size, images)
            peers.append(peer)
            started.append(peer.answer())  # one after the other: each compiles alone
            cold[style] = time.perf_counter() - peer.started
        sizes = {each["weights"] for each in started[:-1]}
        if len(sizes) != 1:
            raise SystemExit(f"the {network} networks differ in size: {sorted(sizes)} weights")
        found = {peer.style: [] for peer in peers}
        for number in range(rounds):
            for peer in peers if number % 2 else reversed(peers):
                found[peer.style].append(peer.train())
            print(f"{network}, batch {batch_size}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    finally:
        for peer in peers:
            peer.end()
    versions = {"Python": platform.python_version()}
    for each in started:
        versions |= each["versions"]
    matmul, count = found.pop("matmul"), images // batch_size * batch_size
    return {
        **case,
        "load_after": load_averages(),
        "versions": versions,
        "images": count,
        "weights": sizes.pop(),
        "operations": started[0]["operations"],
        "rates": {style: [count / one["seconds"] for one in ones] for style, ones in found.items()},
        "processor": {
            style: [1000 * one["processor_seconds"] / count for one in ones] for style, ones in found.items()
        },
        "cold_seconds": cold,
        "losses": {style: [one["loss"] for one in ones] for style, ones in found.items()},
        "matmul": [one["loss"] for one in matmul],
    }


def quartiles(values: list[float]) -> str:
    if len(values) < 4:
        return f"{statistics.median(values):.2f}"
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def report(cases: dict[str, dict]) -> str:
    lines = [
        "# Training speed beside peers",
        "",
        "Images a second, median over rounds. `ours / it` is the median of the rounds' ratios, with their quartiles;",
        "above 1 keras_vae is faster. The share is of the rate of NumPy's float32 matrix product in the same rounds,",
        "and counts the layers' products alone. `start` is from the start of a process to the end of its first epoch,",
        "where it was taken (colour32: in a run of its own, the median of two). The head of `against_peers.py` says",
        "how the rest is measured. The machine is shared.",
    ]
    for key in sorted(cases, key=lambda key: (list(IMAGES).index(key.split("/")[0]), int(key.split("/")[1]))):
        network, batch = key.split("/")
        result = cases[key]
        lines += [
            "",
            f"## {network}, batch {batch}",
            "",
            f"    {result['command']}",
            "",
            f"{result['rounds']} rounds on {result['cores']} cores ({result['processor_name']}), {result['date']}; "
            + ", ".join(f"{name} {version}" for name, version in result["versions"].items())
            + f". Load averages {result['load_before']} before, {result['load_after']} after.",
            "",
            "| | images a second | ours / it | processor s per 1000 images | share of matrix products | start, s |",
            "|---|---|---|---|---|---|",
        ]
        ours = result["rates"]["keras_vae"]
        for style, rates in result["rates"].items():
            ratio = quartiles([one / other for one, other in zip(ours, rates, strict=True)])
            share = [rate * result["operations"] / matmul for rate, matmul in zip(rates, result["matmul"], strict=True)]
            lines.append(
                f"| {NAMES[style]} | {statistics.median(rates):,.0f} | {'' if style == 'keras_vae' else ratio} | "
                f"{statistics.median(result['processor'][style]):.3f} | {statistics.median(share):.2f} | "
                f"{format(result['cold_seconds'][style], '.1f') if 'cold_seconds' in result else ''} |"
            )
    return "\n".join(lines) + "\n"


def processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def load_averages() -> list[float]:
    return [round(load, 2) for load in os.getloadavg()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", default=sys.executable, help="a Python with torch, jax and keras (this one)")
    parser.add_argument("--networks", nargs="+", choices=list(IMAGES), default=list(IMAGES), help="(all)")
    parser.add_argument("--without", nargs="+", choices=list(PROGRAMS)[1:], default=[], help="peers to leave out")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="two rounds of two batches, to try; writes nothing")
    parser.add_argument("--check", action="store_true", help="hold the programs' losses against each other, and end")
    arguments = parser.parse_args()
    pythons = dict.fromkeys(PROGRAMS, arguments.peers_python)
    pythons |= dict.fromkeys(("keras_vae", "keras_io", "matmul"), sys.executable)
    if arguments.check:
        sys.exit(not check([each for each in arguments.networks if each in CHECKED], arguments.without, pythons))
    path = Path(__file__)
    cases = json.loads(path.with_suffix(".json").read_text())["cases"]
    asked = [each.replace(arguments.peers_python, "PEERS/bin/python") for each in sys.argv[1:]]
    command = shlex.join(["python", "benchmarks/against_peers.py", *asked])
    measured = {}
    for network in arguments.networks:
        for batch_size in BATCHES[network]:
            images, rounds = IMAGES[network], arguments.rounds
            if arguments.quick:
                images, rounds = 2 * batch_size, 2
            result = measure(network, batch_size, rounds, images, arguments.without, pythons)
            measured[f"{network}/{batch_size}"] = {"command": command, **result}
            if not arguments.quick:
                cases |= measured
                path.with_suffix(".json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")
                path.with_suffix(".md").write_text(report(cases))
    print(report(measured))


if __name__ == "__main__":
    main()
