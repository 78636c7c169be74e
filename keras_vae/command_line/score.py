"""`keras-vae score`."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from keras_vae.command_line import options
from keras_vae.command_line.quiet_start import held_stderr, load_tensorflow
from keras_vae.command_line.sources import BUNDLE, bundle_of, checked_file, scores_like_its_bundle
from keras_vae.models.scores import Scores
from keras_vae.random.row_noise import SAMPLES

if TYPE_CHECKING:
    import numpy as np

    from keras_vae.data.folder.pictures import Pictures


class Scored(NamedTuple):
    """What a run or a bundle says of pictures.

    Attributes:
        pictures: the files and their images.
        images: as the model saw them, float32 `[n, H, W, C]` in [0, 1].
        labels: their classes, int32 `[n]`; None for a model without.
        names: of the classes, if they have any.
        scores: in nats.
        threshold: the ELBO below which one is unusual; None where nobody said.
        reconstruct: from rows to their reconstructions.
    """

    pictures: Pictures
    images: np.ndarray
    labels: np.ndarray | None
    names: Sequence[str] | None
    scores: Scores
    threshold: float | None
    reconstruct: Callable[[np.ndarray], np.ndarray]


@click.command()
@click.argument("source", metavar="RUN|BUNDLE", type=options.PATH)
@click.argument("pictures", metavar="FOLDER_OR_FILES...", type=options.PATH, nargs=-1)
@click.option(
    "--output",
    type=options.PATH,
    default="scores.csv",
    show_default=True,
    help="The table to write; the picture is written beside it, under the same name with .png.",
)
@options.number("--importance-samples", SAMPLES, "Posterior samples per image; the files of a bundle always draw 16.")
@options.seed("Seed of the samples.")
@click.option(
    "--label",
    help="Class of all images for a conditional model, by name or number; by default by its folder, as in training.",
)
@options.skip_corrupt
@options.file_of_bundle
def score(
    source: Path,
    pictures: tuple[Path, ...],
    output: Path,
    importance_samples: int,
    seed: int,
    label: str | None,
    skip_corrupt: bool,
    runtime: str | None,
    precision: str,
    unchecked: bool,
) -> None:
    """Score how unusual each image is under a model.

    The model is that of a run or a bundle. The command writes a table of ELBO, reconstruction, KL and
    importance-weighted bound, in nats, with the most unusual image first, and a picture of the ten most unusual images
    with the errors of their reconstructions. Images are read in the same way as by train. If there is a threshold,
    which a bundle has from test images, the table also has a verdict; a run uses that of its own bundle. A TFLite file
    scores, without loading TensorFlow, as with generate.

    \b
    Examples:
      keras-vae score runs/parts photographs/ --output scores.csv
      keras-vae score runs/parts new/1.png new/2.png --importance-samples 100
      keras-vae score parts-bundle photographs/ --runtime onnx
    """
    from keras_vae.files.places import check_file_place
    from keras_vae.random.portable import check_seed

    if not pictures:
        raise ValueError("FOLDER_OR_FILES is missing: expected a folder of pictures, or image files; give some")
    check_seed(seed)
    if output.suffix.lower() != ".csv":
        raise ValueError(f"output {output} is not a CSV file: expected a name ending in .csv; rename it")
    picture = output.with_suffix(".png")
    for path in (output, picture):
        check_file_place("output", path)
    for place in pictures:
        if picture.absolute().is_relative_to(place.absolute()):
            raise ValueError(
                f"output {output} would be written among the pictures of {place}: expected another place; choose "
                "another --output"
            )
    chosen = runtime or (None if precision == "float32" else "tflite")  # a file of a bundle
    if chosen or (source / "manifest.json").is_file():
        if importance_samples != SAMPLES:
            raise ValueError(
                f"importance_samples is {importance_samples}: expected {SAMPLES}, which the files of bundles draw; "
                "leave it out, or score with the run"
            )
        place = chosen or "tflite", precision, unchecked
        found = _by_bundle(bundle_of(source), pictures, place, seed, label, skip_corrupt)
    elif importance_samples == SAMPLES and scores_like_its_bundle(source):
        place = "tflite", "float32", False
        found = _by_bundle(source / BUNDLE, pictures, place, seed, label, skip_corrupt)
    else:
        found = _by_run(source, pictures, importance_samples, seed, label, skip_corrupt)
    _write(found, output, picture)
    worst = found.pictures.paths[found.scores.elbo.argmin()]
    told = ""
    if found.threshold is not None:
        told = f", {_unusual(found).sum()} of them unusual (ELBO below {found.threshold:.2f} nats),"
    if found.pictures.changed:
        size = " x ".join(map(str, found.images.shape[1:]))
        told = f" ({found.pictures.changed} of them changed to the model's {size}){told}"
    print(f"scores of {len(found.images)} pictures{told} in {output}, the most unusual in {picture}: {worst}")


def _by_run(
    run: Path, places: Sequence[Path], samples: int, seed: int, label: str | None, skip_corrupt: bool
) -> Scored:
    from keras_vae.data.folder.deep import Whites
    from keras_vae.runs.run_folder import load_run, read_metrics, read_settings

    read_settings(run)
    whites = Whites.recorded((read_metrics(run)["test"] or {}).get("whites"))
    load_tensorflow()
    import numpy as np

    from keras_vae.data.arrays import ImageArrays
    from keras_vae.data.folder.pictures import read_pictures
    from keras_vae.data.pipeline import build_pipeline
    from keras_vae.export.contents.files import MANIFEST
    from keras_vae.export.verification.integrity import read_manifest

    model, settings = load_run(run)
    pictures = read_pictures(places, model.image_shape, skip_corrupt, whites)
    labels = _labels(label, pictures, places, model.classes, model.class_names)
    arrays = ImageArrays(pictures.images, split="test")
    noise = {"binarize": settings.binarize, "seed": settings.seed}
    batches, parts, start = [], [], 0
    for x in build_pipeline(arrays, batch_size=100, shuffle=False, **noise):
        rows = np.arange(start, start + len(x))
        given = None if labels is None else labels[rows]
        parts.append(model.score(x, samples, seed, label=given, index=rows))
        batches.append(x.numpy())
        start += len(x)
    images = np.concatenate(batches)

    def reconstruct(rows: np.ndarray) -> np.ndarray:
        return model.reconstruct(images[rows], label=None if labels is None else labels[rows])

    scores = Scores(*map(np.concatenate, zip(*parts, strict=True)))
    judged = samples == SAMPLES and (run / BUNDLE / MANIFEST).is_file()
    threshold = _threshold(read_manifest(run / BUNDLE)) if judged else None
    return Scored(pictures, images, labels, model.class_names, scores, threshold, reconstruct)


def _by_bundle(
    bundle: Path,
    places: Sequence[Path],
    place: tuple[str, str, bool],
    seed: int,
    label: str | None,
    skip_corrupt: bool,
) -> Scored:
    from keras_vae.export.runtimes.score import reconstruct_by, scores_by
    from keras_vae.export.verification.integrity import read_manifest

    manifest = read_manifest(bundle)
    path = checked_file(bundle, manifest, "score", *place)
    if place[0] == "saved_model":
        load_tensorflow()
    import numpy as np

    from keras_vae.data.folder.deep import Whites
    from keras_vae.data.folder.pictures import read_pictures
    from keras_vae.export.runtimes.runtime import load_runtime

    model = manifest["model"]
    whites = Whites.recorded((manifest["metrics"] or {}).get("whites"))
    pictures = read_pictures(places, tuple(model["image_shape"]), skip_corrupt, whites)
    labels = _labels(label, pictures, places, model["classes"], model.get("class_names"))
    images = pictures.images.astype(np.float32) / np.float32(255)

    def given(rows: np.ndarray | slice) -> dict[str, np.ndarray]:
        return {} if labels is None else {"label": labels[rows]}

    with held_stderr():
        run = load_runtime(bundle, path, manifest["artifacts"][path], threads=os.cpu_count() or 1)
        scores = Scores(**scores_by(run, images, given(slice(None)), seed))

    def reconstruct(rows: np.ndarray) -> np.ndarray:
        with held_stderr():
            return reconstruct_by(bundle, manifest, path, images[rows], given(rows))

    return Scored(pictures, images, labels, model.get("class_names"), scores, _threshold(manifest), reconstruct)


def _threshold(manifest: Mapping[str, Any]) -> float | None:
    return manifest.get("score", {}).get("threshold", {}).get("elbo")


def _labels(
    label: str | None, pictures: Pictures, places: Sequence[Path], classes: int | None, names: Sequence[str] | None
) -> np.ndarray | None:
    from keras_vae.data.folder.pictures import labels_of_folders
    from keras_vae.data.labels import labels_given

    if classes is not None and label is None:
        return labels_of_folders(pictures.paths, places, classes, names)
    return labels_given(label, len(pictures.paths), classes, names)


def _unusual(found: Scored) -> np.ndarray:
    return found.scores.elbo < found.threshold


def _write(found: Scored, output: Path, picture: Path) -> None:
    import numpy as np

    from keras_vae.files.written_whole import written_whole
    from keras_vae.pictures.figure import save_figure
    from keras_vae.pictures.reconstructions import COLUMNS, draw_unusual

    names = found.names
    order = np.argsort(found.scores.elbo, kind="stable")
    with (
        written_whole(output) as beside,
        beside.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.writer(file)
        more = [("label", found.labels), ("verdict", found.threshold)]
        writer.writerow(["file", "row", *Scores._fields, *(name for name, given in more if given is not None)])
        for row in order:
            figures = [f"{values[row]:.4f}" for values in found.scores]
            label = [] if found.labels is None else [names[found.labels[row]] if names else int(found.labels[row])]
            verdict = [] if found.threshold is None else ["unusual" if _unusual(found)[row] else "usual"]
            writer.writerow([found.pictures.paths[row], int(row), *figures, *label, *verdict])
    first = order[:COLUMNS]
    scores = found.scores.elbo[first].tolist()
    save_figure(draw_unusual(found.images[first], found.reconstruct(first), scores), picture)
