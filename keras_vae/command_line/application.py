"""`keras-vae`: the commands, and what a mistake of the user's and a note on the user's data look like."""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from keras_vae.checkpoints.preemption import Preempted, Preemption
from keras_vae.command_line.streams import lost_output, use_lasting

COMMANDS = ("train", "evaluate", "generate", "score", "export", "verify", "benchmark", "explore")
# What these are called for is in files; of the others it is on standard output.
WRITING = ("train", "generate", "score", "export", "benchmark")


class Commands(click.Group):
    """Loads a command's module when it is called: `keras-vae --help` loads no TensorFlow."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the commands in the order of use."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command by name."""
        if name not in COMMANDS:
            return None
        return getattr(importlib.import_module(f"keras_vae.command_line.{name}"), name)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keras_vae", prog_name="keras-vae")
def application() -> None:
    """Train a variational autoencoder, evaluate it in nats, generate images, and export it.

    \b
    Examples:
      keras-vae train --output runs/digits
      keras-vae train --dataset mnist --binarize static --epochs 10 --output runs/mnist
      keras-vae evaluate runs/digits --importance-samples 5000
      keras-vae generate runs/digits --count 16 --seed 7 --output grid.png
      keras-vae score runs/digits pictures/ --output scores.csv
      keras-vae export runs/digits --output digits-bundle
      keras-vae verify digits-bundle
      keras-vae explore digits-bundle
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line: 0 on success, 2 and one line for a user's mistake, 128 and more when a signal ended it."""
    # TensorFlow's start-up messages are about the machine, not about the user's work.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # What TensorFlow makes when it is imported and traces lives on: looking through it again and again takes a tenth of
    # a command's time.
    gc.set_threshold(50_000, 20, 50)
    # Without arguments, help is wanted: click takes it for a mistake, whose one line would hold all of it.
    arguments = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    use_lasting()
    try:
        with Preemption(), _notes():
            result = application.main(arguments, prog_name="keras-vae", standalone_mode=False)
    except Preempted as notice:
        _fail(str(notice), notice.status)
    except click.exceptions.Abort:
        _fail("interrupted", 130)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        _fail(error.format_message().rstrip(".") + hint, 2)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except (ValueError, OSError) as error:
        _fail(str(error), 2)
    except Exception as error:
        # TensorFlow's is known by its name, since it is not imported here
        if not isinstance(error, MemoryError) and type(error).__name__ != "ResourceExhaustedError":
            raise
        _fail("out of memory: expected work that fits into it; lower --batch-size, --image-size or --count", 2)
    if reason := lost_output():
        status = 0 if arguments[:1] and arguments[0] in WRITING else 2
        _fail(
            f"standard output took only a part of what was printed ({reason}); print it to where there is room", status
        )
    return result


class _Note(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(f"note: {' '.join(record.getMessage().split())}", file=sys.stderr)


@contextlib.contextmanager
def _notes() -> Iterator[None]:
    """Let the loggers of the package say what is for information, too, on standard error while a command runs."""
    logger, note = logging.getLogger("keras_vae"), _Note()
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(note)
    try:
        yield
    finally:
        logger.removeHandler(note)
        logger.setLevel(before)


def _fail(message: str, status: int) -> None:
    print(f"keras-vae: error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
