"""What the console shows while a bundle is written."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from rich.console import Console

from keras_vae.command_line.quiet_start import held_stderr


@contextlib.contextmanager
def exporting(console: Console) -> Iterator[None]:
    """Show that an export is under way, and at its end a note for each file that is not in the bundle."""
    with console.status("exporting"), warnings.catch_warnings(record=True) as caught, held_stderr():
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if issubclass(warning.category, UserWarning) and "bundle" in str(warning.message):
            console.print(f"note: {warning.message}", soft_wrap=True)
