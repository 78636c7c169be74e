"""`keras-vae generate`."""

from __future__ import annotations

from pathlib import Path

import click

from keras_vae.command_line.quiet_start import load_tensorflow


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--count", type=int, default=16, show_default=True, help="How many images.")
@click.option("--seed", type=int, default=0, show_default=True, help="Image i depends on the seed and i alone.")
@click.option("--temperature", type=float, default=1.0, show_default=True, help="Below 1 more typical, above 1 wilder.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default="samples.png",
    show_default=True,
    help="The PNG file to write.",
)
def generate(run: Path, count: int, seed: int, temperature: float, output: Path) -> None:
    """Draw images from a trained run and write them as one picture.

    \b
    Examples:
      keras-vae generate runs/digits --count 16 --seed 7 --output grid.png
      keras-vae generate runs/digits --count 100 --temperature 0.7 --output typical.png
    """
    from keras_vae.pictures.samples import samples
    from keras_vae.random.portable import check_seed, check_temperature
    from keras_vae.training.run_folder import load_run, read_config

    if count < 1:
        raise ValueError(f"count is {count}: expected at least 1; raise --count")
    check_seed(seed)
    check_temperature(temperature)
    if output.suffix.lower() != ".png":
        raise ValueError(f"output {output} is no PNG file: end its name in .png")
    if not output.absolute().parent.is_dir():
        raise ValueError(f"output {output} is in a folder that does not exist: create {output.parent} first")
    read_config(run)
    load_tensorflow()
    model, _ = load_run(run)
    samples(model.generate(count, seed=seed, temperature=temperature), output)
    click.echo(f"{count} images of seed {seed} in {output}")
