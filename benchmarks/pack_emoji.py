"""Make the files of the dataset `emoji` from the npm package emoji-datasource-google.

    npm pack emoji-datasource-google@16.0.0
    python benchmarks/pack_emoji.py emoji-datasource-google-16.0.0.tgz keras_vae/data/noto_emoji

Each image is laid on white and halved to 32 x 32 by the means of 2 x 2 pixels. All stand in one lossless WebP, variants
beside each other, which takes half the room of PNGs.
"""

from __future__ import annotations

import csv
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, COLUMNS = 32, 62


def pack(package: Path, output: Path) -> None:
    """Write `sheet.webp` and `emoji.csv`."""
    codes, categories = [], []
    with tarfile.open(package) as files:
        names = json.load(files.extractfile("package/emoji.json"))
        for emoji in sorted(names, key=lambda emoji: emoji["sort_order"]):
            for variant in (emoji, *emoji.get("skin_variations", {}).values()):
                if variant["has_img_google"]:
                    codes.append(variant["image"].removesuffix(".png"))
                    categories.append(emoji["category"])
        # in the order of the archive, which is read once through
        wanted = {f"package/img/google/64/{code}.png": code for code in codes}
        found = {wanted[file.name]: on_white(files.extractfile(file)) for file in files if file.name in wanted}
    images = [found[code] for code in codes]
    rows = -(-len(images) // COLUMNS)
    sheet = np.full([rows * COLUMNS, SIDE, SIDE, 3], 255, np.uint8)
    sheet[: len(images)] = images
    sheet = sheet.reshape(rows, COLUMNS, SIDE, SIDE, 3).swapaxes(1, 2).reshape(rows * SIDE, COLUMNS * SIDE, 3)
    Image.fromarray(sheet).save(output / "sheet.webp", lossless=True, quality=100, method=4)
    with (output / "emoji.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(zip(codes, categories, strict=True))
    print(f"{len(images)} emoji, {(output / 'sheet.webp').stat().st_size} bytes")


def on_white(file) -> np.ndarray:
    """Return uint8 [32, 32, 3]."""
    with Image.open(file) as opened:
        image = opened.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image).convert("RGB").reduce(2))


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
