"""Say how unusual pictures are to this bundle's model, with NumPy, Pillow and LiteRT or ONNX Runtime.

    pip install numpy pillow ai-edge-litert          # or onnxruntime in place of ai-edge-litert
    python score.py photographs/ --output scores.csv

A score is the ELBO, in nats: the lower the more unusual. It is the same for the same picture in the same row, whatever
the runtime. Pictures are resized and cropped as in training; embedded colour profiles are ignored, which `keras-vae
score` applies. It runs on Python 3.9 and later, beside generate.py.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.dont_write_bytecode = True  # a bundle holds what its manifest lists, and no more

from generate import (  # noqa: E402  # pyright: ignore[reportMissingImports]  beside it in a bundle
    check_place,
    choose,
    class_number,
    load,
    parser_of,
    read_file,
    read_manifest,
    running,
    start,
    told,
    write_whole,
)

if TYPE_CHECKING:
    import numpy as np  # imported where it is used: a wrong option is refused at once

BATCH = 16  # pictures a call, each of which is decoded as often as there are samples
FIGURES = ("elbo", "reconstruction", "kl", "bound")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 2 after one line on stderr that says what to mend."""
    return told("score.py", lambda: write_scores(parse(arguments)))


def write_scores(options: argparse.Namespace) -> str:
    """Score the pictures and write the table; return what was done."""
    manifest = read_manifest()
    path, artifact = choose(manifest, "score", options.runtime, options.precision)
    content = read_file(path, manifest["files"].get(path, {}), options.unchecked)
    rows = score(path, content, artifact, manifest, find(options.pictures), options)
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0])
    writer.writeheader()
    for row in rows:
        writer.writerow({name: f"{value:.4f}" if isinstance(value, float) else value for name, value in row.items()})
    write_whole({options.output: lambda file: file.write(table.getvalue().encode("utf-8", "surrogateescape"))})
    unusual = sum(row.get("verdict") == "unusual" for row in rows)
    threshold = manifest["score"].get("threshold")
    said = f", {unusual} of them unusual (ELBO below {threshold['elbo']:.2f} nats)," if threshold else ""
    return f"scores of {len(rows)} pictures{said} by {path} in {options.output}"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options; ValueError for one out of range."""
    parser = parser_of("score.py", __doc__, ["float32", "float16", "dynamic"])
    parser.add_argument("pictures", nargs="+", type=Path, help="image files, or folders of them")
    parser.add_argument("--output", type=Path, default=Path("scores.csv"), help="the table to write (scores.csv)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the samples (0)")
    parser.add_argument("--label", help="the class of all pictures, its name or number, of a model with classes")
    options = parser.parse_args(arguments)
    if not -(2**31) <= options.seed < 2**31:
        raise ValueError(f"--seed is {options.seed}: expected {-(2**31)} to {2**31 - 1}; give one in between")
    check_place(options.output, ".csv")
    return options


def find(places: list[Path]) -> list[Path]:
    """Return the pictures of some places, those of folders sorted; ValueError for a place without."""
    files: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = sorted(path for path in place.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
            if not inside:
                raise ValueError(f"{place} holds no pictures: expected files that end in {', '.join(ENDINGS)}")
            files += inside
        elif place.is_file():
            files.append(place)
        else:
            raise ValueError(f"{place} is not a file or folder: expected pictures; check the path")
    return list(dict.fromkeys(files))


def read(path: Path, shape: list[int]) -> np.ndarray:
    """Return a picture float32 [height, width, channels] in [0, 1], as wide and high as the model's."""
    import numpy as np
    from PIL import Image, ImageOps

    height, width, channels = shape
    if channels not in MODES:
        raise ValueError(f"the model has {channels} channels: expected 1, 3 or 4, as pictures have")
    try:
        with Image.open(path) as opened:
            if opened.mode in ("I", "F") or opened.mode.startswith("I;16"):
                raise ValueError(
                    f"{path} has more than 8 bits per channel: expected 8; convert it, or use keras-vae score"
                )
            picture = ImageOps.exif_transpose(opened)
            if picture.mode == "P" or "transparency" in picture.info:
                picture = picture.convert("RGBA")
            if picture.mode in ("LA", "RGBA") and channels != 4:
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
            picture = picture.convert(MODES[channels])
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} cannot be read ({error}): expected a readable picture; repair it or leave it out"
        ) from None
    pixels = np.asarray(picture, np.float32).reshape(picture.height, picture.width, channels)
    if picture.size != (width, height):
        pixels = covering(pixels, height, width)
    return pixels / 255


def covering(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image scaled until it covers the size, its aspect kept, and cropped to the centre, as in training."""
    import numpy as np
    from PIL import Image

    scale = np.float32(max(np.float32(height) / pixels.shape[0], np.float32(width) / pixels.shape[1]))
    rows = max(int(np.rint(pixels.shape[0] * scale)), height)
    columns = max(int(np.rint(pixels.shape[1] * scale)), width)

    def resized(channel: np.ndarray) -> np.ndarray:
        return np.asarray(Image.fromarray(channel).resize((columns, rows), Image.Resampling.BILINEAR))

    opacity = pixels[..., 3:] if pixels.shape[2] == 4 else None
    if opacity is not None:  # what is transparent has no colour that may show beside it
        pixels = np.concatenate([pixels[..., :3] * opacity, opacity], axis=-1)
    pixels = np.stack([resized(pixels[..., i]) for i in range(pixels.shape[2])], axis=-1)
    if opacity is not None:
        pixels[..., :3] /= np.maximum(pixels[..., 3:], np.float32(1e-30))
    top, left = (rows - height) // 2, (columns - width) // 2
    return np.clip(np.rint(pixels[top : top + height, left : left + width]), 0, 255)


def score(
    path: str,
    content: bytes,
    artifact: dict[str, Any],
    manifest: dict[str, Any],
    files: list[Path],
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    """Return a row for each picture, the most unusual first: its figures in nats and, with a threshold, a verdict."""
    import numpy as np

    model, threshold = manifest["model"], manifest["score"].get("threshold")
    if (options.label is None) != (model["classes"] is None):
        raise ValueError(f"--label is {options.label}: expected a class where the model has some; give or drop it")
    given = {} if options.label is None else {"label": class_number(options.label, model)}
    rows: list[dict[str, Any]] = []
    size = artifact["batch"] or BATCH
    with running(path):
        call = load(content, artifact["runtime"])
    for first in range(0, len(files), size):
        # The last picture is repeated to fill the last batch, for files that take a fixed number.
        index = np.minimum(np.arange(first, first + size), len(files) - 1).astype(np.int32)
        images = np.array([read(files[i], model["image_shape"]) for i in index])
        labels = {name: np.full(size, number, np.int32) for name, number in given.items()}
        with running(path):
            out = call("score", image=images, index=index, seed=np.array(options.seed, np.int32), **labels)
        for place, i in enumerate(index[: len(files) - first]):
            row = {"file": str(files[i]), "row": int(i), **{name: float(out[name][place]) for name in FIGURES}}
            if threshold:
                row["verdict"] = "unusual" if row["elbo"] < threshold["elbo"] else "usual"
            rows.append(row)
    return sorted(rows, key=lambda row: row["elbo"])


if __name__ == "__main__":
    start(main)
