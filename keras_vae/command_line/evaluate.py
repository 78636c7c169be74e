"""`keras-vae evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from keras_vae.command_line import options
from keras_vae.command_line.quiet_start import load_tensorflow


@click.command()
@click.argument("run", type=options.PATH)
@options.number("--importance-samples", 1000, "Posterior samples per image for the importance-weighted bound.")
@options.seed("Seed of the samples.")
@options.split
@click.option("--dataset", help="Another dataset; by default the run's.")
@options.data_dir("the run's")
@click.option(
    "--deep",
    is_flag=True,
    help="Also split the KL into its parts (ELBO surgery), which takes about a minute for 10,000 images.",
)
@options.as_json
def evaluate(
    run: Path,
    importance_samples: int,
    seed: int,
    split: str,
    dataset: str | None,
    data_dir: str | None,
    deep: bool,
    as_json: bool,
) -> None:
    """Evaluate a trained run on its test images, in nats.

    \b
    Examples:
      keras-vae evaluate runs/digits
      keras-vae evaluate runs/mnist --importance-samples 5000 --json
      keras-vae evaluate runs/digits --deep
    """
    from keras_vae.runs.run_folder import load_run, read_settings

    read_settings(run)

    load_tensorflow()
    from rich.console import Console

    from keras_vae.command_line.figures import print_figures, print_surgery
    from keras_vae.data.labels import renumber
    from keras_vae.data.load import load_arrays
    from keras_vae.runs.evaluate_run import evaluate_run

    model, settings = load_run(run)
    changes = {"dataset": dataset, "data_dir": data_dir}
    settings = settings.changed(importance_samples=importance_samples, **changes)
    arrays = load_arrays(settings.dataset, split, **settings.data_arguments(model.image_shape))
    arrays = renumber(arrays, str(settings.dataset), model.class_names)
    console = Console()
    figures = evaluate_run(model, arrays, settings, Console(stderr=True), sampling_seed=seed)
    if deep:
        from keras_vae.data.pipeline import build_pipeline
        from keras_vae.evaluation.elbo_surgery import elbo_surgery

        noise = {"binarize": settings.binarize, "seed": settings.seed, "shuffle": False}
        images = build_pipeline(arrays, labels=model.classes is not None, **noise)
        figures["surgery"] = elbo_surgery(model, images, seed=seed)
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    print_figures(figures, console, split)
    if deep:
        print_surgery(figures["surgery"], console)
