"""What the beta-VAE and the beta-TC-VAE bring: the mutual information gap on `shapes`, three seeds each.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/disentanglement.py

7,680 binary images of 32 x 32, one of each combination of shape, scale, orientation, x and y. All are trained on,
without labels, and all are judged, since a gap is of meaning where the factors are independent. Every model has the
same network (dense, 512-512, 10 latents), data order, steps and learning rate (1e-3, falling along half a cosine); only
the objective and the seed differ. The weights of the penalties are those of Chen et al. 2018 for dSprites.

Writes disentanglement.md, and disentanglement.png: the gaps with their standard deviations over seeds, and what each
latent dimension does in the model of the median gap.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
import warnings
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from rich.console import Console

from keras_vae.data.factors import load_factors
from keras_vae.data.load import load_arrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.evaluation.mutual_information_gap import mutual_information_gap
from keras_vae.models.vae import VAE
from keras_vae.objectives.beta_tc_vae import BetaTCVAE
from keras_vae.objectives.elbo import ELBO, BetaVAE
from keras_vae.objectives.objective import Objective
from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.kl_order import order_by_kl

EPOCHS, BATCH, LATENT, RATE, SEEDS = 100, 64, 10, 1e-3, (0, 1, 2)
STEPS, SPAN, SHOWN = 9, 2.0, 6


def objectives(images: int) -> dict[str, Objective]:
    return {
        "VAE": ELBO(),
        "beta-VAE, beta = 4": BetaVAE(4.0),
        "beta-TC-VAE, beta = 6": BetaTCVAE(6.0, dataset_size=images),
    }


def train(objective: Objective, seed: int, epochs: int) -> tuple[VAE, dict]:
    arrays = load_arrays("shapes", "train+test")
    model = VAE.from_preset(
        "mnist_mlp",
        image_shape=arrays.image_shape,
        latent_dim=LATENT,
        network={"hidden": [512, 512]},
        objective=objective,
        seed=seed,
    )
    steps = epochs * math.ceil(len(arrays) / BATCH)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)))
    model.fit(build_pipeline(arrays, batch_size=BATCH, seed=seed), epochs=epochs, verbose=0)
    images = build_pipeline(arrays, batch_size=256, shuffle=False)
    found = mutual_information_gap(model, images, load_factors("shapes", "train+test"), seed=seed)
    judged = evaluate(model, images, importance_samples=10, seed=seed)
    return model, {**found, **{name: judged[name] for name in ("elbo", "kl", "kl_per_dimension", "active_units")}}


def traversals(model: VAE, kl: list[float]) -> np.ndarray:
    """What the dimensions with the most nats do, as one grid."""
    order = order_by_kl(np.asarray(kl))[:SHOWN]
    z = np.zeros([len(order), STEPS, LATENT], np.float32)
    for row, dimension in enumerate(order):
        z[row, :, dimension] = np.linspace(-SPAN, SPAN, STEPS)
    images = model.decode(z.reshape(-1, LATENT)).mean().numpy()
    return image_grid(images, columns=STEPS, gap=2, scale=2)


def draw(results: dict[str, list[dict]], grids: dict[str, np.ndarray], path: Path) -> None:
    figure = Figure(figsize=(14, 5), dpi=100, facecolor="white", layout="constrained")
    bars, *panels = figure.subplots(1, 1 + len(grids), width_ratios=[1.2, *[1.6] * len(grids)])
    gaps = {name: [one["mig"] for one in ones] for name, ones in results.items()}
    places = np.arange(len(gaps))
    means = [np.mean(values) for values in gaps.values()]
    spreads = [np.std(values, ddof=1) for values in gaps.values()]
    bars.bar(places, means, yerr=spreads, capsize=6, color="#8fb3d9")
    for place, values in zip(places, gaps.values(), strict=True):
        bars.plot([place] * len(values), values, "o", color="#1f3a5f", ms=4)
    bars.set_xticks(places, [name.split(",")[0] for name in gaps])
    bars.set_ylabel("mutual information gap")
    bars.set_title("mean, standard deviation, seeds", fontsize=10)
    bars.spines[["top", "right"]].set_visible(False)
    for panel, (name, grid) in zip(panels, grids.items(), strict=True):
        panel.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        panel.set_title(f"{name}\nMIG {np.median(gaps[name]):.2f}", fontsize=10)
        panel.set_axis_off()
    figure.supxlabel(f"right: a dimension a row, by its KL, from -{SPAN:g} to {SPAN:g}; all others 0", fontsize=9)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--try", action="store_true", dest="trial", help="one seed, and write nothing")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", message=".*is not a likelihood of these pixels")
    started, console = time.time(), Console(stderr=True)
    images = len(load_arrays("shapes", "train+test"))
    results: dict[str, list[dict]] = {name: [] for name in objectives(images)}
    grids: dict[str, np.ndarray] = {}
    for name in results:
        models = []
        for seed in SEEDS[:1] if arguments.trial else SEEDS:
            model, found = train(objectives(images)[name], seed, arguments.epochs)
            models.append(model)
            results[name].append(found)
            shown = ("mig", "gaps", "by_chance", "elbo", "kl", "active_units")
            console.print(name, seed, json.dumps({key: found[key] for key in shown}))
        median = np.argsort([one["mig"] for one in results[name]])[len(models) // 2]
        grids[name] = traversals(models[median], results[name][median]["kl_per_dimension"])
        keras.backend.clear_session()
    if arguments.trial:
        return
    factors = list(results["VAE"][0]["gaps"])
    columns = ["objective", "MIG", "by seed", "by chance, at most", "ELBO, nats", "active units"]
    columns += [name.removeprefix("label_").replace("label", "shape") for name in factors]
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for name, ones in results.items():
        gaps = [one["mig"] for one in ones]
        cells = [
            f"{np.mean(gaps):.3f} ± {np.std(gaps, ddof=1):.3f}",
            ", ".join(f"{gap:.3f}" for gap in gaps),
            f"{max(share for one in ones for share in one['by_chance'].values()):.2f}",
            f"{np.mean([one['elbo'] for one in ones]):.1f}",
            ", ".join(str(one["active_units"]) for one in ones),
            *(f"{np.mean([one['gaps'][factor] for one in ones]):.2f}" for factor in factors),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    minutes, date = (time.time() - started) / 60, time.strftime("%Y-%m-%d", time.gmtime())
    about = (
        f"{arguments.epochs} epochs, batch {BATCH}, seeds {SEEDS}; {minutes:.0f} minutes on "
        f"{cores} core{'s' * (cores > 1)}, {date}; "
        f"Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras {keras.__version__}. "
        "± is the standard deviation over seeds; the last columns are each factor's gap."
    )
    head = (__doc__ or "").strip()
    table = "\n".join(lines)
    Path(__file__).with_suffix(".md").write_text(f"# {head}\n\n{about}\n\n{table}\n\n![](disentanglement.png)\n")
    draw(results, grids, Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main()
