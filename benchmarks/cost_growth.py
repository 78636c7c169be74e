"""How the cost of a training step grows: image side, width of the latent, replicas on virtual devices.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/cost_growth.py

Steps of 64 random images (128 for the replicas), Adam, keras_vae's defaults. The variants of one table are trained in
turns, round by round, so that the machine's other work hits all alike; a figure is the median over rounds. Replicas are
virtual devices that share the machine's cores: what a step takes longer with more of them is the price of dealing the
batch out, of meeting for the sums, and of doing small work in more pieces. Each number of replicas has its own process,
which trains short epochs and ones of four times their steps: the difference is that of steps alone, and what is left of
the short one is what every epoch costs, whatever its length.

--replicas measures these alone. Writes cost_growth.md, .json and .png beside this file.
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

SIDES, LATENTS, REPLICAS = (28, 56, 112), (2, 8, 32, 128, 512), (1, 2, 4)
BATCH, REPLICAS_BATCH, STEPS = 64, 128, {"convolutional": 8, "dense": 64}
PRESETS = {"convolutional": "mnist_conv", "dense": "mnist_mlp"}


class Training:
    """A compiled model with its data; `seconds` of each epoch but the first, which compiles."""

    def __init__(self, preset: str, steps: int, batch_size: int, replicas: int = 1, **changes: object) -> None:
        import contextlib

        import keras
        import numpy as np
        import tensorflow as tf

        from keras_vae.models.vae import VAE

        names = [device.name for device in tf.config.list_logical_devices("CPU")]
        strategy = tf.distribute.MirroredStrategy(names[:replicas]) if replicas > 1 else None
        with strategy.scope() if strategy else contextlib.nullcontext():
            self.model = VAE.from_preset(preset, **changes)
            self.model.compile(keras.optimizers.Adam(1e-3))
        images = np.random.default_rng(0).random((steps * batch_size, *self.model.image_shape), np.float32) < 0.2
        self.data = tf.data.Dataset.from_tensor_slices(images.astype(np.float32)).batch(batch_size).cache()
        self.steps = steps
        self.clock = _clock(keras)
        self.train()

    def train(self) -> float:
        """Train an epoch; return seconds a step."""
        self.model.fit(self.data, epochs=1, verbose=0, callbacks=[self.clock])
        return self.clock.seconds / self.steps

    def weights(self) -> int:
        return int(sum(weight.numpy().size for weight in self.model.trainable_weights))


def _clock(keras):  # a class whose base comes with TensorFlow, which the parent does not load
    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.seconds = -time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds += time.perf_counter()

    return Clock()


def in_turns(trainings: dict, rounds: int) -> dict[str, list[float]]:
    """Milliseconds a step of each, by round."""
    found: dict[str, list[float]] = {str(name): [] for name in trainings}
    for number in range(rounds):
        order = list(trainings.items())
        for name, training in order if number % 2 else reversed(order):
            found[str(name)].append(1000 * training.train())
    return found


def of_sides(rounds: int) -> dict:
    trainings = {
        side: Training(PRESETS["convolutional"], STEPS["convolutional"], BATCH, image_shape=(side, side, 1))
        for side in SIDES
    }
    return {
        "milliseconds": in_turns(trainings, rounds),
        "weights": {str(side): training.weights() for side, training in trainings.items()},
    }


def of_latents(rounds: int) -> dict:
    trainings = {
        f"{kind}, {latent}": Training(preset, STEPS[kind], BATCH, latent_dim=latent)
        for kind, preset in PRESETS.items()
        for latent in LATENTS
    }
    return {
        "milliseconds": in_turns(trainings, rounds),
        "weights": {name: training.weights() for name, training in trainings.items()},
    }


def serve_replicas(kind: str, replicas: int) -> None:
    """The program of one number of replicas: for each line of standard input, milliseconds of a step and an epoch."""
    import tensorflow as tf

    processors = tf.config.list_physical_devices("CPU")
    devices = [tf.config.LogicalDeviceConfiguration() for _ in range(max(REPLICAS))]
    tf.config.set_logical_device_configuration(processors[0], devices)
    steps = STEPS[kind]
    short, long = (Training(PRESETS[kind], times * steps, REPLICAS_BATCH, replicas) for times in (1, 4))
    print(short.weights(), flush=True)
    for _ in sys.stdin:
        of_short, of_long = 1000 * steps * short.train(), 4000 * steps * long.train()
        step = (of_long - of_short) / (3 * steps)
        print(step, of_short - steps * step, flush=True)


def of_replicas(rounds: int) -> dict:
    programs, weights = {}, {}
    found: dict[str, list[float]] = {}
    fixed: dict[str, list[float]] = {}
    for kind in PRESETS:
        for replicas in REPLICAS:
            command = [sys.executable, __file__, "--serve", kind, str(replicas)]
            name = f"{kind}, {replicas}"
            programs[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            weights[name] = int(programs[name].stdout.readline())
            found[name], fixed[name] = [], []
    for number in range(rounds):
        order = list(programs.items())
        for name, program in order if number % 2 else reversed(order):
            program.stdin.write("go\n")
            program.stdin.flush()
            step, epoch = map(float, program.stdout.readline().split())
            found[name].append(step)
            fixed[name].append(epoch)
    for program in programs.values():
        program.stdin.close()
        program.wait(timeout=60)
    when = f"{rounds} rounds, {time.strftime('%Y-%m-%d', time.gmtime())}"
    return {"milliseconds": found, "fixed": fixed, "weights": weights, "when": when}


def median(result: dict, name: str) -> float:
    return statistics.median(result["milliseconds"][name])


def times(result: dict, name: str, base: str) -> float:
    """The median of the rounds' ratios."""
    pairs = zip(result["milliseconds"][name], result["milliseconds"][base], strict=True)
    return statistics.median(one / other for one, other in pairs)


def table(header: str, result: dict, bases: dict[str, str]) -> list[str]:
    lines = [f"| {header} | weights | ms a step | against the first |", "|---|---|---|---|"]
    for name, weights in result["weights"].items():
        ratio = times(result, name, bases[name])
        lines.append(f"| {name} | {weights:,} | {median(result, name):.2f} | {ratio:.2f} |")
    return lines


def _first_of_kind(names: list[str]) -> dict[str, str]:
    return {name: next(each for each in names if each.split(",")[0] == name.split(",")[0]) for name in names}


def report(record: dict) -> str:
    sides, latents, replicas = (record[name] for name in ("sides", "latents", "replicas"))
    lines = [
        "# How the cost of a step grows",
        "",
        "Medians over rounds in turns; the head of `cost_growth.py` says how it is measured.",
        "",
        f"    {record['command']}",
        "",
        f"{record['rounds']} rounds on {record['cores']} cores ({record['processor']}), {record['date']}; "
        + ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        + f". Load averages {record['load_before']} before, {record['load_after']} after: the machine is shared.",
        "",
        "![cost of a step against image side, latent width and replicas](cost_growth.png)",
        "",
        f"## Image side: `mnist_conv`, {BATCH} images a step",
        "",
        *table("side", sides, dict.fromkeys(sides["weights"], str(SIDES[0]))),
        "",
        "Four times the pixels should cost four times the time: every layer but the dense one is a convolution.",
        "",
        f"## Width of the latent: {BATCH} images a step",
        "",
        *table("network, latent", latents, _first_of_kind(list(latents["weights"]))),
        "",
        f"## Replicas on virtual devices of the same cores: {REPLICAS_BATCH} images a step",
        "",
        f"{replicas['when']}.",
        "",
        *table("network, replicas", replicas, _first_of_kind(list(replicas["weights"]))),
        "",
        "The overhead of a step, in milliseconds: "
        + "; ".join(
            f"{name} replicas {median(replicas, name) - median(replicas, base):+.2f}"
            for name, base in _first_of_kind(list(replicas["weights"])).items()
            if name != base
        )
        + ". What every epoch costs beside its steps, in milliseconds: "
        + "; ".join(f"{name} {statistics.median(each):.0f}" for name, each in replicas["fixed"].items())
        + ". With replicas, TensorFlow traces functions for each iterator over a sharded dataset.",
    ]
    return "\n".join(lines) + "\n"


def draw(record: dict, path: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    markers = {"convolutional": ("#0072B2", "o"), "dense": ("#D55E00", "s")}  # Okabe and Ito's, told apart by all
    left.plot(SIDES, [median(record["sides"], str(side)) for side in SIDES], "o-", color="#0072B2")
    left.set(xlabel="image side (pixels)", xscale="log", xticks=SIDES, xticklabels=SIDES, yscale="log")
    for axes, key, values in ((middle, "latents", LATENTS), (right, "replicas", REPLICAS)):
        for kind, (colour, marker) in markers.items():
            heights = [median(record[key], f"{kind}, {value}") for value in values]
            axes.plot(values, heights, marker=marker, color=colour, label=kind)
        axes.set(xscale="log", xticks=values, xticklabels=values, yscale="log")
    middle.set(xlabel="width of the latent")
    right.set(xlabel="replicas on the same cores")
    right.legend(frameon=False)
    for axes in (left, middle, right):
        axes.set(ylabel="ms a step")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, facecolor="white")


def write(record: dict, path: Path, quick: bool) -> None:
    print(report(record))
    if quick:
        return
    path.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    path.with_suffix(".md").write_text(report(record))
    draw(record, path.with_suffix(".png"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--replicas", action="store_true", help="measure the replicas alone, and keep the rest")
    parser.add_argument("--quick", action="store_true", help="two rounds, to try; writes nothing")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_replicas(arguments.serve[0], int(arguments.serve[1]))
        return
    import keras
    import tensorflow as tf
    from against_peers import processor_name

    rounds, path = 2 if arguments.quick else arguments.rounds, Path(__file__)
    if arguments.replicas:
        record = json.loads(path.with_suffix(".json").read_text()) | {"replicas": of_replicas(rounds)}
        write(record, path, arguments.quick)
        return
    record = {
        "command": "python benchmarks/cost_growth.py" + (f" --rounds {rounds}" if rounds != 9 else ""),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "rounds": rounds,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": processor_name(),
        "versions": {
            "Python": platform.python_version(),
            "TensorFlow": tf.__version__,
            "Keras": keras.__version__,
        },
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "sides": of_sides(rounds),
        "latents": of_latents(rounds),
        "replicas": of_replicas(rounds),
    }
    record["load_after"] = [round(load, 2) for load in os.getloadavg()]
    write(record, path, arguments.quick)


if __name__ == "__main__":
    main()
