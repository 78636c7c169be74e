"""The importance-weighted bound: its time and its peak memory, by the number of samples, beside a loop over images.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/importance_bound.py

The network is 784-200-200-50 (the preset mnist_iwae_mlp, untrained: weights change nothing here), the images random
and binary. Each row is a process of its own, whose peak memory is that of everything in it; a process that only
imports the package and makes the model is the row K = 0. The loop is what one would write first: for each image, draw
K latents, decode them at once, take log-mean-exp; it is timed on few images and stated for as many as the others.

Writes importance_bound.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

SAMPLES = (0, 50, 500, 5000)
BATCH, LOOPED = 100, 50


def one_row(way: str, samples: int, images: int) -> dict:
    """Seconds for all images, and the peak memory of this process in MB."""
    import keras
    import numpy as np
    import tensorflow as tf

    from keras_vae.evaluation.evaluate import evaluate
    from keras_vae.models.vae import VAE

    model = VAE.from_preset("mnist_iwae_mlp")
    model.compile("adam")  # as a trained model is: of 1,000 samples and more the bound is then compiled by XLA
    x = np.random.default_rng(0).integers(0, 2, (images, 28, 28, 1)).astype("float32")
    seconds, nll = 0.0, None
    if way == "ours" and samples:
        evaluate(model, x[:BATCH], importance_samples=samples, batch_size=BATCH)  # TensorFlow's own start
        started = time.perf_counter()
        nll = evaluate(model, x, importance_samples=samples, batch_size=BATCH)["nll"]
        seconds = time.perf_counter() - started
    elif samples:

        @tf.function
        def bound(image: tf.Tensor) -> tf.Tensor:
            posterior = model.encode(image)
            z = posterior.sample(samples, seed=0)
            weights = model.decode(z).log_prob(image) + model.prior().log_prob(z) - posterior.log_prob(z)
            return tf.reduce_logsumexp(weights) - tf.math.log(float(samples))

        bound(tf.constant(x[:1]))
        started = time.perf_counter()
        nll = -float(np.mean([bound(tf.constant(x[number : number + 1])) for number in range(LOOPED)]))
        seconds = (time.perf_counter() - started) * images / LOOPED
    return {
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "nll": nll,
        "versions": f"TensorFlow {tf.__version__}, Keras {keras.__version__}",
    }


def measure(way: str, samples: int, images: int) -> dict:
    command = [sys.executable, __file__, "--row", way, str(samples), "--images", str(images)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        print(json.dumps(one_row(arguments.row[0], int(arguments.row[1]), arguments.images)))
        return
    lines = ["| | K | seconds | microseconds an image and sample | peak memory, MB |", "|---|---|---|---|---|"]
    for way, samples in [*(("ours", samples) for samples in SAMPLES), *(("loop", samples) for samples in SAMPLES[1:])]:
        row = measure(way, samples, arguments.images)
        each = f"{1e6 * row['seconds'] / (samples * arguments.images):.2f}" if samples else ""
        name = {"ours": "keras_vae.evaluate", "loop": "a loop over images"}[way]
        lines.append(f"| {name} | {samples} | {row['seconds']:,.1f} | {each} | {row['memory']:,.0f} |")
        print(lines[-1], flush=True)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    head = (__doc__ or "").replace("Writes importance_bound.md beside this file.\n", "").strip()
    about = (
        f"{arguments.images:,} images in batches of {BATCH}, float32; {cores} cores, "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}; Python {platform.python_version()}, {row['versions']}; seed 0."
    )
    Path(__file__).with_suffix(".md").write_text(f"# {head}\n\n{about}\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
