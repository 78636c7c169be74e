"""`keras-vae score`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from keras_vae.command_line.quiet_start import load_tensorflow

if TYPE_CHECKING:
    import numpy as np

    from keras_vae.data.folder.pictures import Pictures
    from keras_vae.models.scoring import Scores

FIGURES = ("elbo", "reconstruction", "kl", "bound")


class Scored(NamedTuple):
    """What a run or a bundle says of pictures.

    Attributes:
        pictures: the files and their images.
        images: as the model saw them, float32 `[n, H, W, C]` in [0, 1].
        labels: their classes, int32 `[n]`; None for a model without.
        names: of the classes, if they have any.
        scores: in nats.
        reconstruct: from rows to their reconstructions.
    """

    pictures: Pictures
    images: np.ndarray
    labels: np.ndarray | None
    names: Sequence[str] | None
    scores: Scores
    reconstruct: Callable[[np.ndarray], np.ndarray]


@click.command()
@click.argument("source", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("pictures", metavar="FOLDER_OR_FILES...", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default="scores.csv",
    show_default=True,
    help="The table to write; the picture goes beside it, under this name with .png.",
)
@click.option("--importance-samples", type=int, default=16, show_default=True, help="Posterior samples an image.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the samples.")
@click.option(
    "--label", help="The class of all, its name or number, of a conditional model; by folders where not given."
)
@click.option("--skip-corrupt", is_flag=True, help="Leave out what cannot be read.")
def score(
    source: Path,
    pictures: tuple[Path, ...],
    output: Path,
    importance_samples: int,
    seed: int,
    label: str | None,
    skip_corrupt: bool,
) -> None:
    """Say of each picture how unusual it is to a trained run, in nats, the most unusual first.

    A table of ELBO, reconstruction, KL and importance-weighted bound, and a picture of the ten most unusual with the
    errors of their reconstructions. Pictures are read as train reads them.

    \b
    Examples:
      keras-vae score runs/parts photographs/ --output scores.csv
      keras-vae score runs/parts new/1.png new/2.png --importance-samples 100
    """
    from keras_vae.files.places import check_file_place
    from keras_vae.random.portable import check_seed

    if not pictures:
        raise ValueError("FOLDER_OR_FILES is missing: expected a folder of pictures, or image files; give some")
    if importance_samples < 1:
        raise ValueError(f"importance_samples is {importance_samples}: expected at least 1; raise --importance-samples")
    check_seed(seed)
    if output.suffix.lower() != ".csv":
        raise ValueError(f"output {output} is no CSV file: expected a name ending in .csv; rename it")
    picture = output.with_suffix(".png")
    for path in (output, picture):
        check_file_place("output", path)
    for place in pictures:
        if picture.absolute().is_relative_to(place.absolute()):
            raise ValueError(
                f"output {output} would put a picture among those of {place}: expected another place; choose another "
                "--output"
            )
    found = _by_run(source, pictures, importance_samples, seed, label, skip_corrupt)
    _write(found, output, picture)
    click.echo(f"scores of {len(found.images)} pictures in {output}, the most unusual in {picture}")


def _by_run(
    run: Path, places: Sequence[Path], samples: int, seed: int, label: str | None, skip_corrupt: bool
) -> Scored:
    from keras_vae.runs.run_folder import load_run, read_settings

    read_settings(run)
    load_tensorflow()
    import numpy as np

    from keras_vae.data.arrays import ImageArrays
    from keras_vae.data.folder.pictures import read_pictures
    from keras_vae.data.pipeline import build_pipeline
    from keras_vae.models.scoring import Scores

    model, settings = load_run(run)
    pictures = read_pictures(places, model.image_shape, skip_corrupt)
    labels = _labels(label, pictures, model.classes, model.class_names)
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
    return Scored(pictures, images, labels, model.class_names, scores, reconstruct)


def _labels(
    label: str | None, pictures: Pictures, classes: int | None, names: Sequence[str] | None
) -> np.ndarray | None:
    from keras_vae.data.folder.pictures import labels_of_folders
    from keras_vae.data.labels import labels_given

    if classes is not None and label is None:
        return labels_of_folders(pictures.paths, classes, names)
    return labels_given(label, len(pictures.paths), classes, names)


def _write(found: Scored, output: Path, picture: Path) -> None:
    import numpy as np

    from keras_vae.files.written_whole import written_whole
    from keras_vae.pictures.unusual import COLUMNS, unusual

    names = found.names
    order = np.argsort(found.scores.elbo, kind="stable")
    with (
        written_whole(output) as beside,
        beside.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["file", "row", *FIGURES, *(["label"] if found.labels is not None else [])])
        for row in order:
            figures = [f"{getattr(found.scores, name)[row]:.4f}" for name in FIGURES]
            label = [] if found.labels is None else [names[found.labels[row]] if names else int(found.labels[row])]
            writer.writerow([found.pictures.paths[row], int(row), *figures, *label])
    first = order[:COLUMNS]
    unusual(found.images[first], found.reconstruct(first), found.scores.elbo[first].tolist(), picture)
