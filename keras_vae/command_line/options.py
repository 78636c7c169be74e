"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from keras_vae import registry

# as keras_vae.presets.weights finds them, which takes longer than a command's help may
WITH_WEIGHTS = "emoji_ladder, mnist_conv_mixture, mnist_iwae_mlp or mnist_ladder"

PATH = click.Path(path_type=Path)

as_json = click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
skip_corrupt = click.option("--skip-corrupt", is_flag=True, help="Skip image files that cannot be read.")
split = click.option("--split", default="test", show_default=True, help="Split of the dataset.")


def data_dir(default: str) -> Callable[..., Any]:
    """`--data-dir`, with what it is by default."""
    return click.option("--data-dir", help=f"Folder of TFDS' prepared datasets; by default {default}.")


def seed(help: str) -> Callable[..., Any]:
    """`--seed`, 0 by default."""
    return click.option("--seed", type=int, default=0, show_default=True, help=help)


def number(name: str, default: int, help: str) -> Callable[..., Any]:
    """An option for a whole number of at least 1."""
    return click.option(name, type=int, default=default, show_default=True, callback=_at_least_one, help=help)


def _at_least_one(context: click.Context, parameter: click.Parameter, value: int) -> int:
    if value < 1:
        raise ValueError(f"{parameter.name} is {value}: expected at least 1; raise {parameter.opts[0]}")
    return value


def file_of_bundle(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--runtime`, `--precision` and `--unchecked`: which file of a bundle to run."""
    for option in (
        click.option("--unchecked", is_flag=True, help="Use a file even if its hash is wrong."),
        click.option(
            "--precision",
            type=click.Choice(["float32", "float16", "dynamic"]),
            default="float32",
            show_default=True,
            help="Precision of that file.",
        ),
        click.option(
            "--runtime",
            type=click.Choice(registry.names("runtime")),
            help="Use the bundle's file of this format.",
        ),
    ):
        command = option(command)
    return command
