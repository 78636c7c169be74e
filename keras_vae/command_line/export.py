"""`keras-vae export`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from keras_vae.command_line.quiet_start import load_tensorflow


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The bundle's folder: new or empty.")
@click.option("--data-dir", help="Where TFDS keeps prepared data; as in the run where not given.")
def export(run: Path, output: Path, data_dir: str | None) -> None:
    """Write a trained run as a bundle: files that generate without TensorFlow, each verified.

    The run's training images calibrate the int8 decoder; some test images go along, to state the cost of each file
    in nats, unless they come from a folder of your own.

    \b
    Example:
      keras-vae export runs/digits --output digits-bundle
    """
    from keras_vae.training.run_folder import METRICS, load_run, read_config

    read_config(run)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ValueError(f"output {output} is not empty: expected a new or empty folder; choose another --output")
    load_tensorflow()
    from rich.console import Console

    from keras_vae.command_line.bundle_of_run import write_bundle
    from keras_vae.data.load import load_arrays
    from keras_vae.training.settings import Settings

    model, config = load_run(run)
    settings = Settings(**config["settings"]).changed(data_dir=data_dir)
    arrays = {
        split: load_arrays(settings.dataset, split, **settings.data_arguments(model.image_shape))
        for split in ("train", "test")
    }
    metrics = json.loads((run / METRICS).read_text("utf-8")) if (run / METRICS).is_file() else {"test": None}
    console = Console()
    write_bundle(model, settings, arrays, metrics, output, console)
    console.print(f"the bundle is in {output}: start with its README.md", soft_wrap=True)
