"""TensorFlow without its notes on the machine."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def held_stderr() -> Iterator[None]:
    """Hold back what native code writes to standard error; let it out only if the block fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def load_tensorflow() -> None:
    """Import TensorFlow; its notes on CPU features and missing GPUs are not about the user's work."""
    if "tensorflow" in sys.modules:
        return
    with held_stderr():
        import tensorflow as tf

        tf.config.list_logical_devices()  # where it looks for GPUs and says so
