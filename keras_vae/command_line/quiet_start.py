"""TensorFlow without its notes on the machine."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

from keras_vae.checks.backend import check_backend


@contextlib.contextmanager
def held_stderr() -> Iterator[None]:
    """Hold back what native code writes to standard error; let it out only if the block fails for no known reason."""
    sys.stderr.flush()
    kept = os.dup(2)
    with _somewhere() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception as error:
            if isinstance(error, (ValueError, OSError)):  # which say in a line what is wrong
                raise
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _somewhere() -> IO[bytes]:
    """Return a file to hold something in, of memory where the system has such: there may be no room for another."""
    return open(os.memfd_create("stderr"), "w+b") if hasattr(os, "memfd_create") else tempfile.TemporaryFile()


def load_tensorflow() -> None:
    """Import TensorFlow; its notes on CPU features and missing GPUs are not about the user's work."""
    if "tensorflow" in sys.modules:
        return
    with held_stderr():
        import tensorflow as tf

        check_backend()
        tf.config.list_logical_devices()  # where it looks for GPUs and says so
