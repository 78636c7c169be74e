"""The defaults for colour on `emoji`: trials on a held-out part of train, runs and file formats on test.

    python benchmarks/colour_defaults.py trial default vector adam --epochs 12    # those that are recorded are kept
    python benchmarks/colour_defaults.py formats                                  # PNG and lossless WebP, on test
    python benchmarks/colour_defaults.py run RUN "image_residual, 80 epochs"      # a run of keras-vae train, on test
    python benchmarks/colour_defaults.py table                                    # what is recorded

A trial is a preset with changes, trained as `keras-vae train` does, on the training images but a tenth, whose groups of
variants are held out: nothing is chosen on test images. Minutes are of processor time. Bits a dimension are the
importance-weighted bound's of a trial with 8 samples an image, of a run with its own; PSNR is of the mean squared error
over all pixels of the reconstructions. It records in colour_defaults.json; what was found is in colour_defaults.md.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_vae.data import emoji
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.models.vae import VAE
from keras_vae.runs.prepare import prepare
from keras_vae.runs.run_folder import load_run
from keras_vae.runs.settings import Settings

RECORD = Path(__file__).with_suffix(".json")
FORMER = {  # what the presets were before
    "preset": "image_conv",
    "latent_dim": 64,
    "likelihood": "bernoulli",
    "objective": "elbo",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "augment": "",
}
TRIALS: dict[str, dict[str, Any]] = {
    "default": {},
    "convolutions alone": {"preset": "image_conv"},
    "a vector of 128": {"latent_dim": 128},
    "channels apart": {"likelihood": "discretised_logistic_mixture"},
    "adam": {"optimizer": "adam", "learning_rate": 1e-3},
    "no augmentation": {"augment": ""},
    "no warm-up": {"objective": "elbo"},
    "a prior of ten normals": {"prior": "gaussian_mixture"},
    "a flow as prior": {"prior": "real_nvp"},
    "former": FORMER,
    "former, logistic mixture": {**FORMER, "likelihood": "discretised_logistic_mixture"},
}


def parts() -> dict[str, ImageArrays]:
    """The training images of `emoji` in two parts, of which "test" is for choosing."""
    codes, labels, images = emoji.read_sheet()
    groups = emoji.variant_groups(codes, images)
    train = np.setdiff1d(np.arange(len(labels)), emoji.choose_test(groups, labels))
    chosen = emoji.choose_test(groups[train], labels[train])
    rest = np.setdiff1d(np.arange(len(train)), chosen)
    return {"train": ImageArrays(images[train][rest], None), "test": ImageArrays(images[train][chosen], None)}


def test_images() -> np.ndarray:
    """Those of `emoji`, uint8 `[374, 32, 32, 3]`."""
    codes, labels, images = emoji.read_sheet()
    return images[emoji.choose_test(emoji.variant_groups(codes, images), labels)]


def psnr(model: VAE, images: np.ndarray) -> float:
    """Of the reconstructions of uint8 images, in decibels."""
    x = images.astype(np.float32) / 255
    return -10 * math.log10(np.mean(np.square(model.reconstruct(x) - x)))


def trial(name: str, epochs: int) -> dict[str, Any]:
    """Train and judge one."""
    arrays = parts()
    prepared = prepare(Settings(dataset="emoji", epochs=epochs, **TRIALS[name]), arrays, tf.distribute.get_strategy())
    settings, model = prepared.settings, prepared.model
    options = {"batch_size": settings.batch_size, "seed": settings.seed}
    started = time.process_time()
    model.fit(build_pipeline(arrays["train"], augment=settings.augment, **options), epochs=epochs, verbose=0)
    minutes = (time.process_time() - started) / 60
    test = evaluate(model, build_pipeline(arrays["test"], shuffle=False, **options), importance_samples=8)
    return {
        "epochs": epochs,
        "minutes": minutes,
        "bits": test.get("bits_per_dimension"),
        "kl": test["kl"],
        "psnr": psnr(model, np.asarray(arrays["test"].images)),
    }


def formats() -> dict[str, dict[str, Any]]:
    """Bits a dimension of each test image as a file of its own, the smaller of two efforts, headers included."""
    efforts = {
        "PNG": [{"optimize": True}, {"compress_level": 9}],
        "WebP, lossless": [{"lossless": True, "method": 6, "quality": quality} for quality in (0, 100)],
    }
    images, found = test_images(), {}
    for name, settings in efforts.items():
        kind = name.partition(",")[0]
        sizes = [min(_size(image, kind, options) for options in settings) for image in images]
        found[name] = {"bits": 8 * sum(sizes) / images.size}
    return found


def _size(image: np.ndarray, kind: str, options: dict[str, Any]) -> int:
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.tell()


def run(folder: Path) -> dict[str, Any]:
    """What a run folder says, and its PSNR."""
    model, settings = load_run(folder)
    test = json.loads((folder / "metrics.json").read_text())["test"]
    return {
        "epochs": settings.epochs,
        "bits": test.get("bits_per_dimension"),
        "kl": test["kl"],
        "psnr": psnr(model, test_images()),
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Rows of Markdown."""
    columns = {"epochs": "{}", "minutes": "{:.1f}", "bits": "{:.3f}", "kl": "{:.0f}", "psnr": "{:.2f}"}
    lines = ["| | epochs | minutes | bits a dimension | KL, nats | PSNR, dB |", "|---|---|---|---|---|---|"]
    for name, row in rows.items():
        cells = [form.format(row[key]) if row.get(key) is not None else "" for key, form in columns.items()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    of_trial = commands.add_parser("trial")
    of_trial.add_argument("names", nargs="+", choices=TRIALS)
    of_trial.add_argument("--epochs", type=int, default=12)
    of_run = commands.add_parser("run")
    of_run.add_argument("folder", type=Path)
    of_run.add_argument("name")
    commands.add_parser("formats")
    commands.add_parser("table")
    arguments = parser.parse_args()
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"validation": {}, "test": {}}

    def keep(split: str, found: dict[str, dict[str, Any]]) -> None:
        record[split].update(found)
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
        print(table(found), flush=True)

    if arguments.command == "trial":
        for name in arguments.names:
            if record["validation"].get(name, {}).get("epochs") != arguments.epochs:
                keep("validation", {name: trial(name, arguments.epochs)})
    elif arguments.command == "formats":
        keep("test", formats())
    elif arguments.command == "run":
        keep("test", {arguments.name: run(arguments.folder)})
    else:
        for split, rows in record.items():
            print(f"\n{split}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
