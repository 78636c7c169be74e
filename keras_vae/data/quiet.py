"""TFDS without its notes on the terminal."""

import contextlib
import io
import logging
from collections.abc import Iterator

import tensorflow_datasets as tfds
from absl import logging as absl_logging
from tensorflow_datasets.core.utils import tqdm_utils


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
    # TFDS has no way to ask whether its bars are on
    shown = tqdm_utils._active
    tfds.display_progress_bar(False)
    try:
        with quiet_logs(), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        tfds.display_progress_bar(shown)
