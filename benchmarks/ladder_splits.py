"""Ladders with different splits of the latent beside one vector, on MNIST, at equal processor time.

    python benchmarks/ladder_splits.py train NAME [--minutes 12]    # records in ladder_splits.json
    python benchmarks/ladder_splits.py table

Dynamically binarised MNIST, the first 50,000 training images, one thread; the learning rate follows the processor
time. Judged by the averaged weights on the first 1,000 images of the validation set, with 64 samples an
image, in nats; the judging is not in the minutes. What was found is in ladders.md.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from published_likelihoods import judged, splits

from keras_vae.data.pipeline import build_pipeline
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.models.vae import VAE
from keras_vae.objectives import ELBO, LinearWarmUp
from keras_vae.optimizers.convolutional_muon import ConvolutionalMuon
from keras_vae.posteriors.top_down import TopDown

RECORD = Path(__file__).with_suffix(".json")
BATCH, STEPS, WARM_UP = 128, 10, 150  # steps between two looks at the clock, and in which the KL's weight rises
ONE_VECTOR = {"preset": "mnist_conv_mixture"}


def ladder(*groups: tuple[int, int], **network) -> dict:
    """A small ladder of these groups: (halvings, channels)."""
    parts = {"groups": groups, "filters": (32, 64, 64), "features": 32, "blocks": 1, **network}
    return {"preset": "mnist_ladder", "network": {"kind": "ladder", **parts}, "posterior": TopDown(32)}


MODELS = {
    "one vector, normal posterior and prior": {
        **ONE_VECTOR,
        "posterior": "diagonal_normal",
        "prior": "standard_normal",
    },
    "one vector, flow and mixture": ONE_VECTOR,
    "2 groups, 4x4x8 7x7x8": ladder((3, 8), (2, 8)),
    "4 groups, 4x4x8 7x7x4 three times": ladder((3, 8), (2, 4), (2, 4), (2, 4)),
    "4 groups, 4x4x8 7x7x4 twice 14x14x1": ladder((3, 8), (2, 4), (2, 4), (1, 1)),
    "4 groups, 4x4x8 7x7x4 14x14x1 twice": ladder((3, 8), (2, 4), (1, 1), (1, 1)),
    "4 groups, a narrow top 4x4x2 7x7x4 twice 14x14x1": ladder((3, 2), (2, 4), (2, 4), (1, 1)),
    "8 groups, 4x4x8 7x7x4 six times 14x14x1": ladder((3, 8), *[(2, 4)] * 6, (1, 1)),
}
OPTIMIZERS = {
    "muon": (0.01, lambda: ConvolutionalMuon(0.01, momentum=0.95, weight_decay=0.0, adam_lr_ratio=0.2)),
    "adam": (0.002, lambda: keras.optimizers.Adam(0.002)),
}


def train(name: str, optimizer: str, minutes: float) -> dict:
    """Train for `minutes` of processor time and judge."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)
    arrays = splits("mnist")
    model = VAE.from_preset(**MODELS[name], seed=0)
    model.prior.adapt(arrays["train"].images, 0)
    top, make = OPTIMIZERS[optimizer]
    chosen = make()
    chosen.use_ema, chosen.ema_momentum = True, 0.99
    model.objective = ELBO(LinearWarmUp(WARM_UP))
    model.compile(chosen)
    batches = iter(build_pipeline(arrays["train"], batch_size=BATCH, binarize="dynamic", seed=0).repeat())
    model.train_on_batch(next(batches))  # traces
    began, steps, curve = time.process_time(), 0, []
    while (progress := (time.process_time() - began) / 60 / minutes) < 1:
        chosen.learning_rate.assign(top * min(1, (steps + STEPS) / 100) * 0.5 * (1 + math.cos(math.pi * progress)))
        curve.append(np.mean([model.train_on_batch(next(batches), return_dict=True)["loss"] for _ in range(STEPS)]))
        steps += STEPS
    chosen.finalize_variable_values(model.trainable_variables)
    data = judged(arrays["validation"], "mnist").unbatch().take(1000).batch(50)
    found = evaluate(model, data, importance_samples=64, seed=0)
    return {
        "optimizer": optimizer,
        "minutes": minutes,
        "weights": model.count_params(),
        "steps": steps,
        "training": -float(np.mean(curve[-20:])),
        **{figure: round(found[figure], 3) for figure in ("elbo", "nll", "nll_standard_error", "kl")},
        **({"kl_per_group": np.round(found["kl_per_group"], 2).tolist()} if "kl_per_group" in found else {}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["train", "table"])
    parser.add_argument("name", nargs="?", choices=list(MODELS))
    parser.add_argument("--optimizer", choices=list(OPTIMIZERS), default="muon")
    parser.add_argument("--minutes", type=float, default=12.0, help="of processor time (12)")
    arguments = parser.parse_args()
    if arguments.action == "train":
        row = train(arguments.name, arguments.optimizer, arguments.minutes)
        known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        known[f"{arguments.name}; {arguments.optimizer}"] = row
        RECORD.write_text(json.dumps(known, indent=2) + "\n")
    print("| model | optimizer | weights | steps | ELBO | nll | nats by group |\n|---|---|---|---|---|---|---|")
    for name, row in json.loads(RECORD.read_text()).items():
        cells = [name.partition(";")[0], row["optimizer"], f"{row['weights']:,}", f"{row['steps']:,}"]
        groups = ", ".join(map(str, row.get("kl_per_group", ["-"])))
        error = row["nll_standard_error"]
        print("|", " | ".join([*cells, f"{row['elbo']:.2f}", f"{row['nll']:.2f} ± {error:.2f}", groups]), "|")


if __name__ == "__main__":
    main()
