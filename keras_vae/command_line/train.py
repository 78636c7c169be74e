"""`keras-vae train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from keras_vae import registry
from keras_vae.command_line import options
from keras_vae.command_line.start import announce_worker, start_tensorflow
from keras_vae.presets.read import preset_names


def _names(kind: str) -> str:
    return ", ".join(registry.names(kind))


_PRESETS = ", ".join(preset_names())


@click.command()
@click.option("--output", type=options.PATH, required=True, help="The run folder to create.")
@click.option(
    "--dataset",
    default="digits",
    show_default=True,
    help="digits, shapes, emoji, any TFDS name, a folder of images or a .npy file.",
)
@click.option(
    "--preset",
    help=f"A network with its training settings: {_PRESETS}; by default chosen for the dataset. Or a model to train "
    "further, as save_to_preset wrote it: a folder or hf://user/name.",
)
@click.option("--epochs", type=int, help="Passes over the training images; by default the preset's.")
@click.option("--batch-size", type=int, help="Images in a training step; by default the preset's.")
@click.option("--latent-dim", type=int, help="Number of latent dimensions; by default the preset's.")
@click.option(
    "--learning-rate",
    type=float,
    help="Initial learning rate, which decays to zero along a half cosine; by default the preset's.",
)
@click.option("--optimizer", metavar="NAME", help=f"{_names('optimizer')}; by default the preset's.")
@click.option(
    "--binarize",
    type=click.Choice(["none", "static", "dynamic"]),
    default="none",
    show_default=True,
    help="Draw each pixel as 0 or 1, with its gray value as the probability of 1: once, or in every epoch.",
)
@click.option(
    "--augment",
    metavar="NAMES",
    help=f"Random changes of the training images in every epoch, separated by commas: {_names('augmentation')}. "
    "By default the preset's; '' for none.",
)
@click.option(
    "--image-size",
    type=int,
    help="Height and width of the images in pixels: they are scaled, then cropped to a square.",
)
@click.option(
    "--channels", type=int, help="1 for gray, 3 for colour, 4 to keep transparency; by default as in the images."
)
@options.seed("Seed of weights, order, noise and samples.")
@options.number("--importance-samples", 100, "Posterior samples per image for the importance-weighted bound.")
@options.data_dir("TFDS_DATA_DIR")
@options.skip_corrupt
@click.option(
    "--memory-budget",
    type=float,
    help="Gigabytes of images to keep in memory, by default a quarter of the memory; larger data are read from a file.",
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier run when the new one is complete.")
@click.option(
    "--checkpoint-every",
    type=click.IntRange(min=1),
    metavar="STEPS",
    help="Steps between checkpoints, which are written after groups of 32 steps; by default one about every minute.",
)
@click.option("--resume", is_flag=True, help="Continue the interrupted run with the same arguments.")
@click.option(
    "--strategy",
    type=click.Choice(["auto", "one_device", "mirrored", "multi_worker"]),
    default="auto",
    show_default=True,
    help="auto: all GPUs, else one device; mirrored: all devices of this machine; multi_worker: the workers in "
    "TF_CONFIG.",
)
@click.option(
    "--virtual-devices",
    type=click.IntRange(1, 64),
    help="Split the CPU into this many devices, to try --strategy mirrored.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "mixed_bfloat16", "mixed_float16"]),
    default="float32",
    show_default=True,
    help="Precision of the networks in training; likelihood, KL, sampling and all files stay in float32.",
)
@click.option("--likelihood", metavar="NAME", help=f"p(x|z): {_names('likelihood')}; the preset's by default.")
@click.option("--prior", metavar="NAME", help=f"p(z): {_names('prior')}.")
@click.option(
    "--sampler",
    type=int,
    metavar="COMPONENTS",
    help="Draw images from a mixture of this many normals fitted to the images' latents, not from p(z); the preset's "
    "by default.",
)
@click.option("--posterior", metavar="NAME", help=f"q(z|x): {_names('posterior')}.")
@click.option("--objective", metavar="NAME", help=f"What to minimise: {_names('objective')}.")
@click.option(
    "--conditional", is_flag=True, help="Give the class of an image to both networks; generate then takes --label."
)
@click.option("--bundle/--no-bundle", default=True, show_default=True, help="Export the model at the end.")
def train(
    output: Path,
    overwrite: bool,
    checkpoint_every: int | None,
    resume: bool,
    bundle: bool,
    strategy: str,
    virtual_devices: int | None,
    **given: Any,
) -> None:
    """Train a VAE, evaluate it, draw pictures and write a run folder.

    To continue a run that was killed, give the same arguments and --resume: the result is the same as without the
    interruption. On SIGTERM and SIGHUP (a closed terminal), a checkpoint is written and the exit status is 143 or 129.
    With several workers, start each with the same arguments; the first writes the run folder. If one is lost, the
    others end with exit status 75.

    \b
    Examples:
      keras-vae train --output runs/digits
      keras-vae train --dataset mnist --binarize static --epochs 10 --output runs/mnist
      keras-vae train --dataset path/to/images --image-size 64 --output runs/mine
      keras-vae train --dataset path/to/images --epochs 300 --output runs/longer_and_better
      keras-vae train --dataset fashion_mnist --preset mnist_conv --latent-dim 2 --output runs/fashion
      keras-vae train --dataset mnist --binarize static --epochs 10 --output runs/mnist --resume
      keras-vae train --dataset mnist --binarize dynamic --prior vamp --objective iwae --output runs/vamp
      keras-vae train --dataset mnist --conditional --output runs/by_digit
      keras-vae train --strategy mirrored --precision mixed_bfloat16 --dataset cifar10 --output runs/cifar10
    """
    from keras_vae.checkpoints.preemption import Preempted, Preemption
    from keras_vae.files.one_writer import one_writer
    from keras_vae.runs.run_folder import check_free, how_to_go_on
    from keras_vae.runs.settings import Settings

    # Cheap checks come before TensorFlow is loaded.
    settings = Settings(**given)
    if virtual_devices and strategy != "mirrored":
        raise ValueError(
            f"--virtual-devices is {virtual_devices} with --strategy {strategy}: expected --strategy mirrored, which "
            "uses them"
        )
    if strategy == "multi_worker":
        announce_worker()  # and the chief holds and checks the output when all are there
    else:
        click.get_current_context().with_resource(one_writer("output", output))
        check_free(output, overwrite, resume)

    chosen = start_tensorflow(strategy, virtual_devices)
    from rich.console import Console

    from keras_vae.command_line.bundle_of_run import write_bundle
    from keras_vae.command_line.figures import print_figures
    from keras_vae.command_line.sources import BUNDLE
    from keras_vae.multi_device.lost_worker import EXIT_STATUS as LOST
    from keras_vae.multi_device.lost_worker import WorkerLost
    from keras_vae.runs.train import train as run

    console = Console()
    try:
        with Preemption() as preemption:
            metrics = run(
                settings,
                output,
                overwrite,
                console,
                (lambda *found: write_bundle(*found[:-1], found[-1] / BUNDLE, console)) if bundle else None,
                checkpoint_every=checkpoint_every,
                resume=resume,
                preemption=preemption,
                strategy=chosen,
            )
    except Preempted as notice:
        print(f"keras-vae: {notice}; {how_to_go_on(output)}", file=sys.stderr)
        sys.exit(notice.status)
    except WorkerLost as loss:
        print(f"keras-vae: {loss}; {how_to_go_on(output)}", file=sys.stderr)
        sys.exit(LOST)
    if metrics is None:
        console.print("trained; the first worker judges the model and writes the run folder")
        return
    print_figures(metrics["test"], console, untrained=metrics["untrained"])
    console.print(
        f"everything is in {output}:",
        ", ".join(sorted(path.name for path in output.iterdir())),
        soft_wrap=True,
    )
