"""TFDS without its notes on the terminal."""

import contextlib
import io
import logging
from collections.abc import Iterator

from absl import logging as absl_logging

from keras_vae.private_interfaces import progress_bars_of_tfds


@contextlib.contextmanager
def quiet_logs() -> Iterator[None]:
    """Let TFDS and the retries of its downloads log errors only; progress bars stay."""
    retries = logging.getLogger("urllib3.connectionpool")
    level, verbosity = retries.level, absl_logging.get_verbosity()
    retries.setLevel(logging.ERROR)
    absl_logging.set_verbosity(absl_logging.ERROR)
    try:
        yield
    finally:
        retries.setLevel(level)
        absl_logging.set_verbosity(verbosity)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let TFDS print nothing, progress bars included."""
    with progress_bars_of_tfds(False), quiet_logs(), contextlib.redirect_stdout(io.StringIO()):
        yield
