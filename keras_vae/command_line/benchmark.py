"""`keras-vae benchmark`."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keras_vae.command_line import options
from keras_vae.command_line.quiet_start import held_stderr, load_tensorflow
from keras_vae.command_line.sources import bundle_of, existing_bundle
from keras_vae.files.places import check_file_place
from keras_vae.files.written_whole import write_json

if TYPE_CHECKING:
    from rich.console import Console


_CAPTION = (
    "kB on disk; milliseconds to load, for one image and for 64; MB of memory at the peak, the runtime's own included; "
    "largest error of a pixel; nats lost an image"
)


@click.command()
@click.argument("bundle", metavar="RUN|BUNDLE", type=options.PATH)
@options.number("--rounds", 3, "Processes for each file.")
@click.option(
    "--output",
    type=options.PATH,
    default="benchmark",
    show_default=True,
    help="Name of the .json and .png file to write.",
)
def benchmark(bundle: Path, rounds: int, output: Path) -> None:
    """Measure the size, time, memory and error of a bundle's files.

    It measures every file of a bundle or of a run's bundle on this machine, and how many nats each loses.
    Each file runs in its own processes with one thread, in alternating rounds. Times are medians.

    \b
    Example:
      keras-vae benchmark runs/digits --output digits
    """
    json_path, png_path = (output.with_name(output.name + ending) for ending in (".json", ".png"))
    for path in (json_path, png_path):
        check_file_place("output", path)
    if output.absolute().is_relative_to(bundle_of(bundle).absolute()):
        raise ValueError(
            f"output {output} is inside the bundle, which holds only what its manifest lists: expected a place "
            "outside; move it out"
        )
    bundle = existing_bundle(bundle)
    load_tensorflow()
    from rich.console import Console

    from keras_vae.export.benchmarking.benchmark import benchmark_bundle
    from keras_vae.export.benchmarking.picture import benchmark_picture
    from keras_vae.export.verification.verify import BundleError

    console = Console()
    try:
        with console.status("verifying") as status, held_stderr():
            rows = benchmark_bundle(bundle, rounds, lambda path: status.update(f"measuring {path}"))
    except BundleError as error:
        for miss in error.misses:
            print(f"keras-vae: {bundle}: {miss}", file=sys.stderr)
        sys.exit(1)
    _print(rows, console)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    content = {"bundle": str(bundle), "rounds": rounds, "threads": 1, **machine, "files": rows}
    write_json(content, json_path)
    benchmark_picture(rows, png_path)
    print(f"figures in {json_path}, picture in {png_path}")


def _print(rows: list[dict[str, Any]], console: Console) -> None:
    from rich.table import Table

    from keras_vae.export.contents.model_card import show_nats

    table = Table(box=None, title="one thread, medians", caption=_CAPTION)
    for header in ("file", "kB", "load", "1 image", "64", "MB", "error", "nats"):
        table.add_column(header, no_wrap=True, justify="left" if header == "file" else "right")
    for row in rows:
        table.add_row(
            row["path"],
            f"{row['bytes'] / 1e3:.0f}",
            f"{row['load_seconds'] * 1e3:.1f}",
            f"{row['one_seconds'] * 1e3:.3f}",
            f"{row['batch_seconds'] * 1e3:.2f}",
            f"{row['peak_bytes'] / 1e6:.0f}",
            "" if row["largest_error"] is None else f"{row['largest_error']:.0e}",
            "" if not row["nats_lost"] else show_nats(max(row["nats_lost"].values())),
        )
    console.print(table)
