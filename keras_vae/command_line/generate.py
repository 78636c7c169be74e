"""`keras-vae generate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from keras_vae.command_line import options
from keras_vae.command_line.quiet_start import held_stderr, load_tensorflow
from keras_vae.command_line.sources import bundle_of, file_of_bundle, file_of_preset, file_of_run

if TYPE_CHECKING:
    from keras_vae.models.vae import VAE


@click.command()
@click.argument("source", metavar="[RUN|BUNDLE]", type=options.PATH, required=False)
@click.option(
    "--preset", help=f"Use a preset: one that comes with weights ({options.WITH_WEIGHTS}), a folder, or hf://user/name."
)
@options.number("--count", 16, "How many images.")
@options.seed("Image i depends on the seed and i alone.")
@click.option(
    "--temperature",
    type=float,
    default=1.0,
    show_default=True,
    help="Scale of the latents: images are more typical below 1 and more varied above 1.",
)
@click.option("--output", type=options.PATH, default="samples.png", show_default=True, help="The PNG file to write.")
@click.option("--label", help="Class to draw with a conditional model, by name or number; by default all in turn.")
@click.option(
    "--noise", is_flag=True, help="Draw each pixel from p(x|z) instead of taking its mean; not available for bundles."
)
@options.file_of_bundle
def generate(
    source: Path | None,
    preset: str | None,
    count: int,
    seed: int,
    temperature: float,
    output: Path,
    label: str | None,
    noise: bool,
    runtime: str | None,
    precision: str,
    unchecked: bool,
) -> None:
    """Generate images from a run, a bundle or a preset as a PNG.

    The images are drawn by a TFLite file, without loading TensorFlow: that of the bundle, of the run's bundle, or of
    a preset with weights. If a run's file is missing, damaged or of another model, Keras draws, as it does for a
    preset's folder.

    \b
    Examples:
      keras-vae generate runs/digits --count 16 --seed 7 --output grid.png
      keras-vae generate runs/digits --count 100 --temperature 0.7 --output typical.png
      keras-vae generate runs/emoji --label "Food & Drink" --output food.png
      keras-vae generate runs/emoji --noise --output drawn.png
      keras-vae generate --preset mnist_conv_mixture --output digits.png
      keras-vae generate runs/digits/bundle --seed 7 --runtime onnx --output same-grid.png
    """
    from keras_vae.export.runtimes.generate import generate_from
    from keras_vae.files.places import check_file_place
    from keras_vae.random.portable import check_seed, check_temperature

    check_seed(seed)
    check_temperature(temperature)
    if output.suffix.lower() != ".png":
        raise ValueError(f"output {output} is not a PNG file: expected a name ending in .png; rename it")
    check_file_place("output", output)
    if (source is None) == (preset is None):
        raise ValueError(
            f"RUN|BUNDLE is {source} and --preset {preset}: expected a run, a bundle or a preset; give one"
        )
    chosen = runtime or (None if precision == "float32" else "tflite")  # a file of a bundle
    if preset is not None and chosen:
        option = f"--runtime is {runtime}" if runtime else f"--precision is {precision}"
        raise ValueError(f"{option} with --preset {preset}: expected a bundle; write one with keras-vae export")
    if noise and preset is None and (chosen or (source / "manifest.json").is_file()):
        raise ValueError("noise is True for a bundle, whose files give only means: expected a run; leave out --noise")
    with held_stderr():
        if noise:
            file = None
        elif preset is not None:
            file = file_of_preset(preset)
        elif chosen or (source / "manifest.json").is_file():
            file = file_of_bundle(bundle_of(source), chosen or "tflite", precision, unchecked)
        else:
            file = file_of_run(source)
        images = None if file is None else generate_from(*file, count, seed, temperature, label)[0]
    if images is None:
        load_tensorflow()
        model = _load(source, preset)
        images = model.generate(count, seed=seed, temperature=temperature, label=label, noise=noise)
    from keras_vae.pictures.samples import samples

    samples(images, output)
    print(f"{count} images of seed {seed} in {output}")


def _load(run: Path | None, preset: str | None) -> VAE:
    if preset is None:
        from keras_vae.runs.run_folder import load_run

        return load_run(run)[0]
    from keras_vae.models.vae import VAE

    return VAE.from_preset(preset, load_weights=True)
