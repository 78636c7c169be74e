"""The importance-weighted bound of the papers' networks and of our own presets, on binarised MNIST and on emoji.

    python benchmarks/published_likelihoods.py train vae --work WORK      # goes on where it was killed
    python benchmarks/published_likelihoods.py judge vae --work WORK      # all 10,000 test images, K = 5,000
    python benchmarks/published_likelihoods.py judge mnist_iwae_mlp       # a preset, as it is shipped
    python benchmarks/published_likelihoods.py table                      # a row for each judgement
    python benchmarks/published_likelihoods.py ship own_iwae --work WORK  # makes its weights those of its preset

`judge` writes what each image has, float32 nats, into published_likelihoods/NAME_SPLIT_K.npz with the command, the
versions, the seed and the hash of the weights. MNIST comes from TFDS (TFDS_DATA_DIR). What was found, and what it says,
is in published_likelihoods.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import math
import platform
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from colour_defaults import parts
from published_recipes import RECIPES, chain

from keras_vae import presets
from keras_vae.checkpoints.checkpoint import Checkpoint
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.batches import image_batches
from keras_vae.data.binarize import Binarize
from keras_vae.data.load import load_arrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.evaluation.importance import ImportanceWeightedBound
from keras_vae.export.formats.generator import write_generator
from keras_vae.models.presets import learned_variables, write_trained_weights
from keras_vae.models.vae import VAE
from keras_vae.objectives.annealing import LinearWarmUp
from keras_vae.objectives.elbo import ELBO
from keras_vae.presets.read import read_preset
from keras_vae.presets.weights import trained_preset_names

SEED = 0
VALIDATION = 10_000  # of MNIST
BATCH = 100  # in which the 10,000 images of a split are judged
PRESETS = Path(presets.__path__[0])
IMAGES = Path(__file__).with_suffix("")  # the folder of what `judge` found: float32 [images], and how


def splits(dataset: str) -> dict[str, ImageArrays]:
    """Training, validation and test images."""
    training, test = load_arrays(dataset, "train"), load_arrays(dataset, "test")
    if dataset == "emoji":
        inner = parts(dataset)  # all variants of an emoji are on one side
        return {"train": inner["train"], "validation": inner["test"], "test": test}
    return {
        "train": dataclasses.replace(training, images=training.images[:-VALIDATION], labels=None),
        "validation": dataclasses.replace(
            training, images=training.images[-VALIDATION:], labels=None, split="validation"
        ),
        "test": dataclasses.replace(test, labels=None),
    }


def judged(images: ImageArrays, dataset: str) -> tf.data.Dataset:
    """Images in their order, MNIST's pixels drawn once."""
    drawn: Binarize = "static" if dataset == "mnist" else "none"
    return build_pipeline(images, batch_size=BATCH, binarize=drawn, seed=SEED, shuffle=False)


def dataset_of(name: str) -> str:
    """What a recipe, or a preset that comes trained, was trained on."""
    return RECIPES[name].dataset if name in RECIPES else read_preset(name)["trained"]["dataset"]


def train(name: str, work: Path) -> None:
    """Train a recipe to its end, from its last checkpoint if it has one."""
    recipe = RECIPES[name]
    arrays = splits(recipe.dataset)
    folder, steps = work / name, math.ceil(len(arrays["train"]) / recipe.batch_size)
    model = VAE.from_preset(recipe.model["preset"], seed=SEED, **recipe.changes())
    if recipe.warm_up:
        model.objective = ELBO(LinearWarmUp(recipe.warm_up * steps))
    model.prior.adapt(arrays["train"].images, SEED)
    if recipe.start:
        model.set_weights(keras.models.load_model(work / recipe.start / "model.keras").get_weights())
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if recipe.rise else recipe.learning_rate,
        recipe.epochs * steps,
        warmup_target=recipe.learning_rate if recipe.rise else None,
        warmup_steps=recipe.rise,
    )
    model.compile(recipe.optimizer(schedule))
    checkpoint = Checkpoint(folder / "checkpoints", about={"seconds": 0.0})
    epoch = checkpoint.resume(model)
    log = Progress(folder / "progress.jsonl", _seconds(folder))
    model.fit(
        build_pipeline(
            arrays["train"],
            batch_size=recipe.batch_size,
            binarize="dynamic" if recipe.dataset == "mnist" else "none",
            augment=recipe.augment,
            seed=SEED,
            first_epoch=epoch,
        ),
        validation_data=judged(arrays["validation"], recipe.dataset),
        validation_freq=10,
        initial_epoch=epoch,
        epochs=recipe.epochs,
        verbose=0,
        callbacks=[*([keras.callbacks.SwapEMAWeights()] if model.optimizer.use_ema else []), log, checkpoint],
    )
    if recipe.float16:
        for weight in learned_variables(model):
            weight.assign(np.asarray(weight).astype(np.float16))
    model.save(folder / "model.keras")


def _history(name: str, work: Path) -> str:
    """How a recipe's weights were trained, those that they go on from too."""
    names = chain(name)
    trainings = ", then ".join(f"{RECIPES[one].how()}, {RECIPES[one].epochs} epochs" for one in names)
    return f"{trainings}; {sum(_seconds(work / one) for one in names) / 3600:.1f} hours"


def _seconds(folder: Path) -> float:
    """Seconds that earlier processes trained."""
    path = folder / "progress.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return json.loads(lines[-1])["seconds"] if lines else 0.0


class Progress(keras.callbacks.Callback):
    """A line of JSON an epoch."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__()
        self.path, self.started = path, time.time() - seconds

    def on_epoch_end(self, epoch, logs=None):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        row = {"epoch": epoch + 1, "seconds": round(time.time() - self.started, 1), **(logs or {})}
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")


def judge(name: str, work: Path, split: str, samples: int) -> None:
    """Judge a trained recipe, or a preset as it is shipped, and write what each image has beside this file.

    A line of WORK for each batch: goes on where it was killed.
    """
    folder, shipped = work / name, name not in RECIPES
    folder.mkdir(parents=True, exist_ok=True)
    weights = (PRESETS / f"{name}.npz") if shipped else (folder / "model.keras")
    model = VAE.from_preset(name, load_weights=True) if shipped else keras.models.load_model(weights)
    data = judged(splits(dataset_of(name))[split], dataset_of(name))
    path = folder / f"judged_{split}_{samples}.jsonl"
    if path.exists() and path.stat().st_mtime < weights.stat().st_mtime:
        path.unlink()  # of weights that are no more
    bound = ImportanceWeightedBound(model, samples, SEED)  # with the draws of `evaluate`
    done = len(path.read_text().splitlines()) if path.exists() else 0
    for number, (x, _) in enumerate(image_batches(data, "data", model.image_shape, BATCH, None)):
        if number < done:
            continue
        started = time.time()
        nll = (-bound(tf.constant(x), number).bound.numpy()).tolist()
        with path.open("a") as file:
            file.write(json.dumps({"seconds": round(time.time() - started, 2), "nll": nll}) + "\n")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    nll = np.array([value for line in lines for value in line["nll"]], np.float32)
    about = {
        "weights": f"preset {name}, as it is shipped" if shipped else RECIPES[name].title,
        "trained": "" if shipped else _history(name, work),
        "command": f"python benchmarks/published_likelihoods.py judge {name} --split {split} --samples {samples}",
        "versions": f"Python {platform.python_version()}, TensorFlow {tf.__version__}, Keras {keras.__version__}",
        "seed": SEED,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "seconds": round(sum(line["seconds"] for line in lines)),
    }
    IMAGES.mkdir(exist_ok=True)
    np.savez_compressed(IMAGES / f"{name}_{split}_{samples}.npz", nll=nll, about=json.dumps(about))
    print(name, split, samples, *mean_and_error(nll))


def mean_and_error(nll: np.ndarray) -> tuple[float, float]:
    """The mean over images, and its standard error from their spread: nothing of other trainings is in it."""
    return float(nll.mean(dtype=np.float64)), float(nll.std(ddof=1, dtype=np.float64) / np.sqrt(len(nll)))


def table() -> None:
    """Print a row for each file that `judge` wrote."""
    print("| weights | split | K | nll, nats | standard error | trained | judged |\n|---|---|---|---|---|---|---|")
    for path in sorted(IMAGES.glob("*.npz")):
        with np.load(path) as file:
            (nll, error), about = mean_and_error(file["nll"]), json.loads(str(file["about"]))
        _, split, samples = path.stem.rsplit("_", 2)
        cells = [about["weights"], split, f"{int(samples):,}", f"{nll:.2f}", f"{error:.2f}"]
        print(f"| {' | '.join([*cells, about['trained'], about['date']])} |")


def ship(name: str, work: Path) -> None:
    """Put a recipe's weights into its preset, in float16, with what these reach on the test images."""
    preset, arrays = RECIPES[name].model["preset"], splits(RECIPES[name].dataset)
    path = PRESETS / f"{preset}.json"
    settings = json.loads(path.read_text())
    model = keras.models.load_model(work / name / "model.keras")
    write_trained_weights(model, path.with_suffix(".npz"))
    settings["trained"] = {
        "recipe": f"{name} of benchmarks/published_likelihoods.py, not `training` above: {_history(name, work)}",
        "dataset": RECIPES[name].dataset,
        "binarize": "dynamic" if RECIPES[name].dataset == "mnist" else "none",
        "images": len(arrays["train"]),
        "seed": SEED,
    }
    path.write_text(json.dumps(settings, indent=2) + "\n")
    shipped = VAE.from_preset(preset, load_weights=True)
    write_generator(shipped, path.with_suffix(".tflite"))
    data = judged(arrays["test"], RECIPES[name].dataset)
    test = evaluate(shipped, data, importance_samples=100, seed=SEED)
    if "kl_per_group" in test:
        del test["kl_per_dimension"]  # thousands of them
    settings["trained"]["test"] = test
    path.write_text(json.dumps(settings, indent=2) + "\n")
    print(json.dumps(settings["trained"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["train", "judge", "table", "ship"])
    parser.add_argument("name", nargs="?", choices=[*RECIPES, *trained_preset_names()])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "published_likelihoods"))
    parser.add_argument("--split", choices=["validation", "test"], default="test")
    parser.add_argument("--samples", type=int, default=5000)
    arguments = parser.parse_args()
    if arguments.action == "table":
        table()
    elif arguments.action in ("train", "ship"):
        {"train": train, "ship": ship}[arguments.action](arguments.name, arguments.work)
    else:
        judge(arguments.name, arguments.work, arguments.split, arguments.samples)


if __name__ == "__main__":
    main()
