"""Processes for what needs one of its own - devices, an environment, an end - without six seconds of imports.

Each is forked from a server that has imported TensorFlow and run nothing. A test of imports, or of the streams that a
process starts with, takes a new interpreter all the same.
"""

import gc
import multiprocessing
import os
import runpy
import sys
import tempfile
from pathlib import Path

from tests.quick_graphs import collect_garbage_seldom, make_graphs_quick

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def context():
    """One server for all tests of this process; asked for again, it is the same."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported
    context = multiprocessing.get_context(METHOD)
    context.set_forkserver_preload(["keras_vae.runs.train", "keras_vae.data.load", "pytest"])
    return context


class FreshProcess:
    """Calls `target(*arguments)`, a function of a module, in a process of its own.

    Graphs are as quick as in the tests' own - but `optimized` where bits are held against those of programs that are
    started.
    """

    def __init__(self, target, *arguments, environment=None, folder=".", optimized=False):
        self._printed = tempfile.TemporaryDirectory()
        self._streams = [Path(self._printed.name, name) for name in ("stdout", "stderr")]
        for stream in self._streams:
            stream.touch()
        environment = dict(os.environ if environment is None else environment)
        self.process = context().Process(
            target=_be, args=(target, arguments, environment, os.path.abspath(folder), self._streams, optimized)
        )
        self.process.start()

    def ended(self, timeout=600):
        """Wait for its end; return its status, what it printed and its errors."""
        self.process.join(timeout)
        out, err = (stream.read_text("utf-8") for stream in self._streams)
        self.kill()
        return self.process.exitcode, out, err

    def kill(self):
        self.process.kill()
        self.process.join()
        self._printed.cleanup()


def run_program(path, *arguments):
    """What `python path arguments` does."""
    sys.path.insert(0, str(Path(path).parent))
    sys.argv = [str(path), *map(str, arguments)]
    runpy.run_path(str(path), run_name="__main__")


def _be(target, arguments, environment, folder, streams, optimized):
    for descriptor, stream in enumerate(streams, start=1):
        with stream.open("ab") as file:
            os.dup2(file.fileno(), descriptor)
    sys.stdout, sys.stderr = (open(descriptor, "w", encoding="utf-8", closefd=False) for descriptor in (1, 2))  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    gc.freeze()
    collect_garbage_seldom()
    make_graphs_quick(optimized)
    target(*arguments)
