"""`keras-vae explore`."""

from __future__ import annotations

from pathlib import Path

import click

from keras_vae.command_line import options
from keras_vae.command_line.sources import existing_bundle


@click.command()
@click.argument("source", metavar="[RUN|BUNDLE]", type=options.PATH, required=False)
@click.option(
    "--preset",
    help=f"Explore a preset with weights ({options.WITH_WEIGHTS}, a folder, or hf://user/name), "
    "which is exported to the cache the first time.",
)
@click.option("--port", type=int, default=0, show_default=True, help="Port of the page; 0 selects a free port.")
@click.option("--no-browser", is_flag=True, help="Print the address, but do not open a browser.")
def explore(source: Path | None, preset: str | None, port: int, no_browser: bool) -> None:
    """Explore the latent space of a model in the browser.

    The model is that of a run, a bundle or a preset. Nothing leaves the machine.

    \b
    Examples:
      keras-vae explore runs/digits
      keras-vae explore bundle --port 8000 --no-browser
      keras-vae explore --preset mnist_iwae_mlp
    """
    from keras_vae.export.consumers.explore import serve

    if (source is None) == (preset is None):
        raise ValueError(
            f"RUN|BUNDLE is {source} and --preset {preset}: expected a run, a bundle or a preset; give one"
        )
    if source is not None:
        bundle = existing_bundle(source)
        _check(bundle)
    else:
        from rich.console import Console

        from keras_vae.command_line.bundle_of_preset import cached_preset_bundle

        bundle = cached_preset_bundle(preset, Console())
    serve(bundle, port, open_browser=not no_browser)


def _check(bundle: Path) -> None:
    """Raise ValueError for a bundle whose manifest, or a file that the page shows, is not as exported."""
    from keras_vae.export.contents.golden import NAME as GOLDEN
    from keras_vae.export.contents.purposes import ONNX
    from keras_vae.export.verification.integrity import check_artifact, read_manifest

    manifest = read_manifest(bundle)
    shown = [path for path in (f"onnx/{name}.onnx" for name in ONNX) if path in manifest["artifacts"]]
    for path in (*shown, GOLDEN):
        for miss in check_artifact(bundle, manifest, path):
            raise ValueError(f"in {bundle}, {miss}")
