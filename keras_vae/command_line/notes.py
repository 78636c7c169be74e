"""What the package says of a user's data, on standard error."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import click


class _Note(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"note: {' '.join(record.getMessage().split())}", err=True)


@contextlib.contextmanager
def notes() -> Iterator[None]:
    """Let the loggers of the package say what is for information, too, while a command runs."""
    logger, note = logging.getLogger("keras_vae"), _Note()
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(note)
    try:
        yield
    finally:
        logger.removeHandler(note)
        logger.setLevel(before)
