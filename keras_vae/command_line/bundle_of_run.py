"""A run's bundle: exported with the run's own images and figures, and what the console shows meanwhile."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status

from keras_vae.command_line.quiet_start import held_stderr
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.load import is_path
from keras_vae.data.pipeline import build_pipeline
from keras_vae.export.contents.threshold import FALSE_ALARM_RATE
from keras_vae.models.vae import VAE
from keras_vae.runs.settings import Settings

SECONDS = 30  # between two lines where there is no terminal


class _Files(logging.Handler):
    """Shows which file an export is at."""

    def __init__(self, console: Console, status: Status) -> None:
        super().__init__(logging.INFO)
        self._console, self._status, self._shown = console, status, time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        if self._console.is_terminal:
            self._status.update(f"exporting: {record.getMessage()}")
        elif time.monotonic() > self._shown + SECONDS:
            self._console.print(f"  {record.getMessage()}")
            self._shown = time.monotonic()


@contextlib.contextmanager
def exporting(console: Console) -> Iterator[None]:
    """Show which file an export is at, and at its end a note for each file that is not in the bundle."""
    doing, log = "exporting: each file is written, run and measured", logging.getLogger("keras_vae.export")
    if not console.is_terminal:  # where a status shows nothing
        console.print(doing)
    with (
        console.status(doing) as status,
        warnings.catch_warnings(record=True) as caught,
        held_stderr(),
    ):
        warnings.simplefilter("always")
        files = _Files(console, status)
        log.addHandler(files)
        log.setLevel(logging.INFO)
        log.propagate = False  # these are no notes on a user's data
        try:
            yield
        finally:
            log.propagate = True
            log.setLevel(logging.NOTSET)
            log.removeHandler(files)
    for warning in caught:
        if issubclass(warning.category, UserWarning) and "bundle" in str(warning.message):
            console.print(f"note: {warning.message}", soft_wrap=True)


def write_bundle(
    model: VAE,
    settings: Settings,
    arrays: Mapping[str, ImageArrays],
    metrics: Mapping[str, Any],
    directory: Path,
    console: Console,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    purposes: Iterable[str] = (),
) -> Path:
    """Export a run's model.

    Training images calibrate the int8 decoder, and test images tell which scores are unusual, unless they are
    binarised. A few of these go into the bundle, so that whoever has it can say what each file costs in nats; those
    of a folder of one's own stay at home, and images of the model stand in.

    Args:
        model: the trained model.
        settings: of the run.
        arrays: the images of the splits "train" and "test".
        metrics: the content of `metrics.json`.
        directory: the folder to write.
        console: where the files that could not be written are named.
        false_alarm_rate: of the verdict on scores; the exporter's by default.
        purposes: for which alone to write files, as `export_bundle` takes them; none (the default) are the usual ones.
    """
    from keras_vae.export import export_bundle

    options = {"binarize": settings.binarize, "seed": settings.seed, "labels": model.classes is not None}
    pipelines = {
        split: build_pipeline(images, batch_size=128, shuffle=False, **options) for split, images in arrays.items()
    }
    with exporting(console):
        return export_bundle(
            model,
            directory,
            pipelines["train"],
            test_data=None if is_path(settings.dataset) else pipelines["test"],
            metrics=metrics["test"],
            # a threshold of binarised images is none of the gray ones that files score
            normal_data=pipelines["test"] if settings.binarize == "none" else None,
            false_alarm_rate=false_alarm_rate,
            purposes=purposes,
        )
