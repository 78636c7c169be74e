"""`keras-vae explore`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--port", type=int, default=0, show_default=True, help="Port of the page; 0 takes a free one.")
@click.option("--no-browser", is_flag=True, help="Print the address and open no browser.")
def explore(bundle: Path, port: int, no_browser: bool) -> None:
    """Explore a bundle's latent space in the browser. Nothing leaves the machine.

    \b
    Examples:
      keras-vae explore runs/digits/bundle
      keras-vae explore bundle --port 8000 --no-browser
    """
    from keras_vae.export.consumers.explore import serve

    serve(bundle, port, open_browser=not no_browser)
