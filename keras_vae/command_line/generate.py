"""`keras-vae generate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keras_vae.command_line.quiet_start import load_tensorflow

if TYPE_CHECKING:
    import numpy as np


@click.command()
@click.argument("source", metavar="RUN|BUNDLE", type=click.Path(path_type=Path), required=False)
@click.option("--preset", help="Use the trained weights of a preset, which come with the package.")
@click.option("--count", type=int, default=16, show_default=True, help="How many images.")
@click.option("--seed", type=int, default=0, show_default=True, help="Image i depends on the seed and i alone.")
@click.option(
    "--temperature",
    type=float,
    default=1.0,
    show_default=True,
    help="Scale of the latents: below 1 more typical images, above 1 more varied.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default="samples.png",
    show_default=True,
    help="The PNG file to write.",
)
@click.option("--label", help="Class to draw, a name or number, of a conditional model; by default each in turn.")
@click.option(
    "--runtime", type=click.Choice(["saved_model", "tflite", "onnx"]), help="Run the bundle's file of this format."
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "float16", "dynamic"]),
    default="float32",
    show_default=True,
    help="Precision of that file.",
)
@click.option("--unchecked", is_flag=True, help="Use a file even if its hash is wrong.")
def generate(
    source: Path | None,
    preset: str | None,
    count: int,
    seed: int,
    temperature: float,
    output: Path,
    label: str | None,
    runtime: str | None,
    precision: str,
    unchecked: bool,
) -> None:
    """Generate images from a trained run, a bundle or a preset, as one picture.

    \b
    Examples:
      keras-vae generate runs/digits --count 16 --seed 7 --output grid.png
      keras-vae generate runs/digits --count 100 --temperature 0.7 --output typical.png
      keras-vae generate runs/emoji --label "Food & Drink" --output food.png
      keras-vae generate --preset mnist_conv_mixture --output digits.png
      keras-vae generate runs/digits/bundle --seed 7 --runtime onnx --output same-grid.png
    """
    from keras_vae.files.places import check_file_place
    from keras_vae.random.portable import check_seed, check_temperature

    if count < 1:
        raise ValueError(f"count is {count}: expected at least 1; raise --count")
    check_seed(seed)
    check_temperature(temperature)
    if output.suffix.lower() != ".png":
        raise ValueError(f"output {output} is no PNG file: expected a name ending in .png; rename it")
    check_file_place("output", output)
    if (source is None) == (preset is None):
        raise ValueError(f"source is {source} and --preset {preset}: expected a run, a bundle or a preset; give one")
    if preset is not None and runtime:
        raise ValueError(
            f"--runtime is {runtime} with --preset {preset}: expected a bundle; write one with keras-vae export"
        )
    if preset is not None:
        images = _of_preset(preset, count, seed, temperature, label)
    elif runtime or (source / "manifest.json").is_file():
        images = _of_bundle(source, runtime or "tflite", precision, count, seed, temperature, label, unchecked)
    else:
        images = _of_run(source, count, seed, temperature, label)
    from keras_vae.pictures.samples import samples

    samples(images, output)
    click.echo(f"{count} images of seed {seed} in {output}")


def _of_preset(preset: str, count: int, seed: int, temperature: float, label: str | None) -> np.ndarray:
    load_tensorflow()
    from keras_vae.models.vae import VAE

    model = VAE.from_preset(preset, load_weights=True)
    return model.generate(count, seed=seed, temperature=temperature, label=label)


def _of_run(run: Path, count: int, seed: int, temperature: float, label: str | None) -> np.ndarray:
    from keras_vae.runs.run_folder import load_run, read_settings

    read_settings(run)
    load_tensorflow()
    model, _ = load_run(run)
    return model.generate(count, seed=seed, temperature=temperature, label=label)


def _of_bundle(
    source: Path,
    runtime: str,
    precision: str,
    count: int,
    seed: int,
    temperature: float,
    label: str | None,
    unchecked: bool,
) -> np.ndarray:
    from keras_vae.command_line.quiet_start import held_stderr
    from keras_vae.export.runtimes.generate import choose_file, generate_from_file
    from keras_vae.export.verification.integrity import check_files, read_manifest

    bundle = source if (source / "manifest.json").is_file() else source / "bundle"
    manifest = read_manifest(bundle)
    path = choose_file(manifest, runtime, precision)
    # The other files of the bundle are not this command's business: keras-vae verify checks them all.
    misses = [miss for miss in check_files(bundle, manifest) if miss.startswith(path)]
    if misses and not unchecked:
        raise ValueError(f"in {bundle}, {misses[0]}; or draw with it --unchecked")
    if runtime == "saved_model":
        load_tensorflow()
    with held_stderr():
        return generate_from_file(bundle, manifest, path, count, seed, temperature, label=label)[0]
