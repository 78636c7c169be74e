"""Training images per second: `keras_vae.VAE` beside the style of the Keras documentation's VAE example.

    TF_CPP_MIN_LOG_LEVEL=2 python benchmarks/training_speed.py --output benchmarks/training_speed.md

Two networks, each with the same layers on both sides, batch 128, Adam at 1e-3:

    dense  784-200-200-50, tanh: the preset "mnist_iwae_mlp"
    conv   the layers of the Keras documentation's VAE example, 2 latents

The example's style is written anew in keras_example.py: a `keras.Model` with a Sampling layer, a train_step with a
GradientTape, a plain `compile(optimizer)`, `fit` on a NumPy array. Ours is compiled with its defaults and
fed by its own pipeline; then by the NumPy array; then under each setting of jit_compile and
steps_per_execution, to see whether the defaults in keras_vae/models/compile_options.py win. The example's style also
runs under our settings, to tell settings from code.

Everything runs in one process, in rounds: each round trains every variant for one epoch, in an order that
turns round every time. The first epoch of each, which compiles, is left out. The images are drawn at random in
memory, of MNIST's size and about as dark: nothing is downloaded, and speed does not depend on what they show.

Writes the tables to OUTPUT, and the raw numbers beside it under the same name with .json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from keras_example import SHAPE, ExampleVAE, conv_networks, dense_networks

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.models.compile_options import STEPS_PER_EXECUTION
from keras_vae.models.vae import VAE

BATCH = 128
LEARNING_RATE = 1e-3
CONV_SHARE = 10  # a convolutional step takes about ten times as long as a dense one
EXAMPLE, PIPELINE, ARRAY = "example", "ours, pipeline", "ours, array"
EXAMPLE_WITH_OUR_SETTINGS = "example, our settings"
SPEED, PROCESSOR = "images_per_second", "processor_seconds_per_1000_images"


def our_dense(seed: int) -> VAE:
    return VAE.from_preset("mnist_iwae_mlp", seed=seed)


def our_conv(seed: int) -> VAE:
    return VAE(*conv_networks(None), seed=seed)  # a Bernoulli likelihood takes logits


NETWORKS = {"dense": (dense_networks, our_dense), "conv": (conv_networks, our_conv)}


@dataclass
class Variant:
    """A compiled model with its data, and what its epochs took."""

    name: str
    model: keras.Model
    data: np.ndarray | tf.data.Dataset
    count: int
    compiled: bool = False
    rates: list[float] = field(default_factory=list)  # images per second
    processor: list[float] = field(default_factory=list)  # processor seconds for 1000 images

    def train(self) -> None:
        clock = EpochClock()
        keywords = {} if isinstance(self.data, tf.data.Dataset) else {"batch_size": BATCH}
        self.model.fit(self.data, epochs=1, verbose=0, callbacks=[clock], **keywords)
        if self.compiled:
            self.rates.append(self.count / clock.seconds)
            self.processor.append(1000 * clock.processor_seconds / self.count)
        self.compiled = True

    def summary(self) -> dict:
        return {
            "jit_compile": bool(self.model.jit_compile),
            "steps_per_execution": self.model.steps_per_execution,
            SPEED: self.rates,
            PROCESSOR: self.processor,
        }


class EpochClock(keras.callbacks.Callback):
    """Times the epoch alone, not what `fit` does once: in a real training many epochs share that."""

    def on_epoch_begin(self, epoch, logs=None):
        self.seconds, self.processor_seconds = -time.perf_counter(), -time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter()
        self.processor_seconds += time.process_time()


def random_images(count: int, seed: int) -> np.ndarray:
    """uint8 [count, 28, 28, 1], a fifth of the pixels inked, as in MNIST."""
    noise = np.random.default_rng(seed)
    inked = noise.random((count, *SHAPE), np.float32) < 0.19
    return np.where(inked, noise.integers(1, 256, (count, *SHAPE)), 0).astype(np.uint8)


def variants_of(network: str, images: np.ndarray, seed: int) -> list[Variant]:
    """The example and ours as they come, then the settings, all untrained."""
    networks, build_ours = NETWORKS[network]
    array = images.astype(np.float32) / 255

    def example(name: str, **settings) -> Variant:
        model = ExampleVAE(*networks("sigmoid"), seed)
        model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), **settings)
        return Variant(name, model, array, len(images))

    def ours(name: str, data, **settings) -> Variant:
        model = build_ours(seed)
        model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), **settings)
        return Variant(name, model, data, len(images))

    steps = (1, STEPS_PER_EXECUTION)
    settings = [{"jit_compile": jit, "steps_per_execution": n} for jit in (False, True) for n in steps]
    variants = [
        example(EXAMPLE),
        ours(PIPELINE, build_pipeline(ImageArrays(images), batch_size=BATCH, seed=seed)),
        ours(ARRAY, array),
    ]
    chosen = {"jit_compile": variants[2].model.jit_compile, "steps_per_execution": STEPS_PER_EXECUTION}
    variants.append(example(EXAMPLE_WITH_OUR_SETTINGS, **chosen))
    variants += [ours(setting_name(**setting), array, **setting) for setting in settings if setting != chosen]
    sizes = {sum(int(tf.size(weight)) for weight in variant.model.trainable_weights) for variant in variants}
    if len(sizes) != 1:
        raise RuntimeError(f"the two {network} models differ in size: {sizes}")
    return variants


def setting_name(jit_compile: bool, steps_per_execution: int) -> str:
    return f"ours, array, jit_compile={jit_compile}, steps_per_execution={steps_per_execution}"


def spread(values: list[float], digits: int = 2) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def ratios(results: dict, name: str, base: str, measure: str = SPEED) -> list[float]:
    return [one / other for one, other in zip(results[name][measure], results[base][measure], strict=True)]


def report(record: dict) -> str:
    lines = [
        "# Training speed",
        "",
        "Training images per second of `keras_vae.VAE` beside the style of the Keras documentation's VAE",
        "example, written anew. Same layers, batch 128, Adam; random images of MNIST's size in memory. The head of",
        "`training_speed.py` says how it is measured. Ratios are taken round by round; a cell is the median",
        "(smallest to largest).",
        "",
        f"    {record['command']}",
        "",
        f"{record['rounds']} rounds on {record['cores']} cores ({record['processor']}), seed {record['seed']},",
        f"{record['date']};",
        ", ".join(f"{name} {version}" for name, version in record["versions"].items()) + ".",
        f"Load averages over 1, 5 and 15 minutes, this process included: {record['load_before']} before,",
        f"{record['load_after']} after. The machine is shared, so single rounds can be far off. Processor time,",
        "of all threads of the process, is less disturbed.",
        "",
        "## In short",
        "",
        "| network | ours / example | on the same array | with the same settings too | processor time an image |",
        "|---|---|---|---|---|",
    ]
    for network, result in record["networks"].items():
        variants = result["variants"]
        cells = [
            spread(ratios(variants, PIPELINE, EXAMPLE)),
            spread(ratios(variants, ARRAY, EXAMPLE)),
            spread(ratios(variants, ARRAY, EXAMPLE_WITH_OUR_SETTINGS)),
            spread(ratios(variants, PIPELINE, EXAMPLE, PROCESSOR)),
        ]
        lines.append(f"| {network} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "The first column is what a user gets by default, our pipeline and settings; above 1 ours is faster. The",
        "last is the same pair's processor time; below 1 ours takes less.",
    ]

    for network, result in record["networks"].items():
        variants = result["variants"]
        lines += [
            "",
            f"## {network}: {result['images']:,} images an epoch",
            "",
            "| variant | jit_compile | steps_per_execution | images a second | / example | / ours, array | "
            "processor seconds per 1000 images |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, values in variants.items():
            cells = [
                name.split(", jit_compile")[0],
                str(values["jit_compile"]),
                str(values["steps_per_execution"]),
                spread(values[SPEED], 0),
                spread(ratios(variants, name, EXAMPLE)),
                spread(ratios(variants, name, ARRAY)),
                spread(values[PROCESSOR], 3),
            ]
            lines.append("| " + " | ".join(cells) + " |")
        ours = [name for name in variants if name.startswith(ARRAY)]
        best = max(ours, key=lambda name: statistics.median(variants[name][SPEED]))
        verdict = "the default" if best == ARRAY else f"{spread(ratios(variants, best, ARRAY))} times the default"
        lines += [
            "",
            f"Of our four settings on the array, jit_compile={variants[best]['jit_compile']} with "
            f"steps_per_execution={variants[best]['steps_per_execution']} was fastest: {verdict}.",
        ]
    return "\n".join(lines) + "\n"


def processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def load_average() -> list[float]:
    return [round(load, 2) for load in os.getloadavg()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rounds", type=int, default=10, help="measured epochs of each variant (10)")
    shares = f"images an epoch (40000); the convolutional network takes a {CONV_SHARE}th of them"
    parser.add_argument("--images", type=int, default=40_000, help=shares)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--output", type=Path, required=True, help="the report, a .md file")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error(f"--rounds is {arguments.rounds}: expected at least 1")
    if arguments.images < CONV_SHARE * BATCH:
        least = CONV_SHARE * BATCH
        parser.error(f"--images is {arguments.images}: expected at least {least}, a batch for each network")
    if arguments.output.suffix != ".md":
        parser.error(f"--output is {arguments.output}: expected a name that ends in .md")

    record = {
        "command": shlex.join(["python", os.path.relpath(sys.argv[0]), *sys.argv[1:]]),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "rounds": arguments.rounds,
        "seed": arguments.seed,
        "batch_size": BATCH,
        "learning_rate": LEARNING_RATE,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": processor_name(),
        "accelerators": [device.name for device in tf.config.list_physical_devices("GPU")],
        "versions": {
            "Python": platform.python_version(),
            "TensorFlow": tf.__version__,
            "Keras": keras.__version__,
            "TensorFlow Probability": tfp.__version__,
            "NumPy": np.__version__,
        },
        "load_before": load_average(),
        "networks": {},
    }
    keras.utils.set_random_seed(arguments.seed)
    for network in arguments.networks:
        count = arguments.images if network == "dense" else arguments.images // CONV_SHARE
        variants = variants_of(network, random_images(count, arguments.seed), arguments.seed)
        for number in range(arguments.rounds + 1):  # round 0 compiles
            for variant in variants if number % 2 else reversed(variants):
                variant.train()
            print(f"{network}: round {number} of {arguments.rounds}, load {load_average()}", file=sys.stderr)
        record["networks"][network] = {
            "images": count,
            "trainable_weights": sum(int(tf.size(weight)) for weight in variants[0].model.trainable_weights),
            "variants": {variant.name: variant.summary() for variant in variants},
        }
    record["load_after"] = load_average()

    arguments.output.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
    arguments.output.write_text(report(record))
    print(report(record))


if __name__ == "__main__":
    main()
