"""`keras-vae export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keras_vae.command_line import options
from keras_vae.command_line.quiet_start import load_tensorflow

if TYPE_CHECKING:
    from rich.console import Console


@click.command()
@click.argument("run", type=options.PATH, required=False)
@click.option(
    "--preset",
    help=f"Export a preset, instead of a run: one that comes with weights ({options.WITH_WEIGHTS}), a folder, or "
    "hf://user/name.",
)
@click.option("--output", type=options.PATH, required=True, help="The folder to create, or an empty one.")
@click.option(
    "--for",
    "purposes",
    multiple=True,
    metavar="PURPOSE",
    help="Write only the files for android-gpu, ios, web, microcontroller or server; can be repeated.",
)
@options.data_dir("the run's")
@click.option(
    "--false-alarm-rate",
    type=float,
    default=0.05,
    show_default=True,
    help="Share of the run's test images that may be scored as unusual.",
)
def export(
    run: Path | None,
    preset: str | None,
    output: Path,
    purposes: tuple[str, ...],
    data_dir: str | None,
    false_alarm_rate: float,
) -> None:
    """Export a trained run or a preset as a bundle.

    A bundle holds files that run without TensorFlow, each verified.

    The run's training images calibrate the int8 decoder. Some test images become part of the bundle, to measure how
    many nats each file loses, unless they come from your own folder. For a preset, samples of the model replace both
    kinds of images.

    \b
    Examples:
      keras-vae export runs/digits --output digits-bundle
      keras-vae export --preset mnist_conv_mixture --output mnist-bundle
      keras-vae export runs/digits --for android-gpu --output digits-android
    """
    from keras_vae.export.contents.purposes import check_purposes
    from keras_vae.export.contents.threshold import check_rate
    from keras_vae.files.folder_written_whole import check_free
    from keras_vae.files.one_writer import one_writer
    from keras_vae.runs.run_folder import load_run, read_metrics, read_settings

    if (run is None) == (preset is None):
        raise ValueError(f"run is {run} and --preset {preset}: expected a run or a preset; give one")
    check_rate(false_alarm_rate)
    purposes = check_purposes(purposes)
    if run:
        read_settings(run)
        metrics = read_metrics(run)
    click.get_current_context().with_resource(one_writer("output", output))
    check_free("output", output)
    from rich.console import Console

    console = Console()
    if preset is not None:
        from keras_vae.command_line.bundle_of_preset import write_preset_bundle

        write_preset_bundle(preset, output, console, purposes)
        _tell(output, console)
        return
    load_tensorflow()
    from keras_vae.command_line.bundle_of_run import write_bundle
    from keras_vae.data.labels import renumber
    from keras_vae.data.load import load_arrays

    model, settings = load_run(run)
    settings = settings.changed(data_dir=data_dir)
    arrays = {}
    for split in ("train", "test"):
        images = load_arrays(settings.dataset, split, **settings.data_arguments(model.image_shape))
        arrays[split] = renumber(images, str(settings.dataset), model.class_names)
    write_bundle(model, settings, arrays, metrics, output, console, false_alarm_rate, purposes)
    _tell(output, console)


def _tell(bundle: Path, console: Console) -> None:
    from keras_vae.export.contents.files import MANIFEST
    from keras_vae.files.digest import sha256

    console.print(f"the bundle is in {bundle}: start with its README.md", soft_wrap=True)
    console.print(
        f"tell those you give it to: keras-vae verify {bundle} --sha256 {sha256(bundle / MANIFEST)}", soft_wrap=True
    )
