"""The defaults for colour, on `emoji` and on photographs: trials on a held-out part of train, runs and formats on test.

    python benchmarks/colour_defaults.py trial default vector adam --epochs 12    # those that are recorded are kept
    python benchmarks/colour_defaults.py formats                                  # PNG and lossless WebP, on test
    python benchmarks/colour_defaults.py run RUN "image_residual, 80 epochs"      # a run of keras-vae train, on test
    python benchmarks/colour_defaults.py table                                    # what is recorded
    python benchmarks/colour_defaults.py cut WALLPAPERS tiles                     # photographs, of unpacked packages
    python benchmarks/colour_defaults.py --dataset tiles formats                  # and `run`; likewise of photographs
    python benchmarks/colour_defaults.py --dataset tiles-but-test trial default   # `trial`: without the test images

A trial is a preset with changes, trained as `keras-vae train` does, on the training images but a tenth, whose groups of
variants are held out: nothing is chosen on test images. Minutes are of processor time. Bits a dimension are the
importance-weighted bound's of a trial with 8 samples an image, of a run with its own; PSNR is of the mean squared error
over all pixels of the reconstructions. It records in colour_defaults.json; what was found is in colour_defaults.md.

Photographs are tiles of 32 x 32 of the JPEG files of wallpapers, each brought to a height of 192 pixels; all tiles of a
wallpaper are in one split. The packages are Debian's gnome-backgrounds, lomiri-wallpapers-16.04,
lomiri-wallpapers-20.04, mate-backgrounds, plasma-workspace-wallpapers and ukui-wallpapers.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import math
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_vae.data import emoji
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.load import load_arrays
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


def parts(dataset: str) -> dict[str, ImageArrays]:
    """The training images of `emoji`, or the images of a folder, in two parts, of which "test" is for choosing."""
    if dataset != "emoji":
        return {split: load_arrays(dataset, split) for split in ("train", "test")}
    codes, labels, images = emoji.read_sheet()
    groups = emoji.variant_groups(codes, images)
    train = np.setdiff1d(np.arange(len(labels)), emoji.choose_test(groups, labels))
    chosen = emoji.choose_test(groups[train], labels[train])
    rest = np.setdiff1d(np.arange(len(train)), chosen)
    return {"train": ImageArrays(images[train][rest], None), "test": ImageArrays(images[train][chosen], None)}


def cut(wallpapers: Path, folder: Path) -> None:
    """Write tiles to folder/train and folder/test, and those that are not for the test to folder-but-test likewise."""
    largest: dict[str, tuple[int, Path]] = {}
    for path in sorted(wallpapers.rglob("*.jpg")):
        with Image.open(path) as image:
            width, height = image.size
        if path.is_symlink() or width < height or height < 800:
            continue
        named = path.parents[2].name if path.parent.name.startswith("images") else path.stem
        name = re.sub(r"_\d+x\d+$", "", named)
        if name not in largest or largest[name][0] < width:
            largest[name] = width, path
    for number, (name, (_, path)) in enumerate(sorted(largest.items())):
        if "screenshot" in name:
            continue
        places = [folder / "test"] if number % 8 == 4 else [folder / "train"]
        if number % 8 != 4:
            places.append(folder.with_name(f"{folder.name}-but-test") / ("test" if number % 8 == 0 else "train"))
        with Image.open(path) as image:
            image = image.convert("RGB").resize(
                (round(image.width * 192 / image.height), 192), Image.Resampling.LANCZOS
            )
        for top, left in itertools.product(range(0, 192, 32), range(0, image.width - 31, 32)):
            tile = image.crop((left, top, left + 32, top + 32))
            for place in places:
                place.mkdir(parents=True, exist_ok=True)
                tile.save(place / f"{name}-{top}-{left}.png")


def test_images(dataset: str) -> np.ndarray:
    """uint8 `[n, 32, 32, 3]`."""
    return np.asarray(load_arrays(dataset, "test").images)


def psnr(model: VAE, images: np.ndarray) -> float:
    """Of the reconstructions of uint8 images, in decibels."""
    x = images.astype(np.float32) / 255
    return -10 * math.log10(np.mean(np.square(model.reconstruct(x) - x)))


def trial(name: str, epochs: int, dataset: str) -> dict[str, Any]:
    """Train and judge one."""
    arrays = parts(dataset)
    prepared = prepare(Settings(dataset=dataset, epochs=epochs, **TRIALS[name]), arrays, tf.distribute.get_strategy())
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


def formats(images: np.ndarray) -> dict[str, dict[str, Any]]:
    """Bits a dimension of each test image as a file of its own, the smaller of two efforts, headers included."""
    efforts = {
        "PNG": [{"optimize": True}, {"compress_level": 9}],
        "WebP, lossless": [{"lossless": True, "method": 6, "quality": quality} for quality in (0, 100)],
    }
    found = {}
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
        "psnr": psnr(model, test_images(settings.dataset)),
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
    parser.add_argument("--dataset", default="emoji", help="emoji, or a folder that `cut` wrote (emoji)")
    commands = parser.add_subparsers(dest="command", required=True)
    of_trial = commands.add_parser("trial")
    of_trial.add_argument("names", nargs="+", choices=TRIALS)
    of_trial.add_argument("--epochs", type=int, default=12)
    of_run = commands.add_parser("run")
    of_run.add_argument("folder", type=Path)
    of_run.add_argument("name")
    of_cut = commands.add_parser("cut")
    of_cut.add_argument("wallpapers", type=Path)
    of_cut.add_argument("folder", type=Path)
    commands.add_parser("formats")
    commands.add_parser("table")
    arguments = parser.parse_args()
    if arguments.command == "cut":
        cut(arguments.wallpapers, arguments.folder)
        return
    on = "" if arguments.dataset == "emoji" else "photographs, "  # of what is recorded
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"validation": {}, "test": {}}

    def keep(split: str, found: dict[str, dict[str, Any]]) -> None:
        record[split].update(found)
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
        print(table(found), flush=True)

    if arguments.command == "trial":
        for name in arguments.names:
            if record["validation"].get(on + name, {}).get("epochs") != arguments.epochs:
                keep("validation", {on + name: trial(name, arguments.epochs, arguments.dataset)})
    elif arguments.command == "formats":
        keep("test", {on + name: row for name, row in formats(test_images(arguments.dataset)).items()})
    elif arguments.command == "run":
        keep("test", {on + arguments.name: run(arguments.folder)})
    else:
        for split, rows in record.items():
            print(f"\n{split}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
