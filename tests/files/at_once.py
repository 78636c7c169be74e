"""One of two processes that start at the same instant on one output, as `keras-vae` does; but nothing is computed.

Arguments: the name of this process, that of the other, then the command lines, separated by "--". Before each command
both wait for a file of the other's. What it came to is a line of JSON.
"""

import contextlib
import io
import itertools
import json
import os
import sys
import time
from pathlib import Path

from keras_vae.command_line import application, bundle_of_preset, train
from keras_vae.files import one_writer
from keras_vae.files.folder_written_whole import folder_written_whole
from keras_vae.runs import run_folder


def meet(event):
    """Wait until the other process is here, too."""
    Path(f"{event}.{me}").touch()
    deadline = time.monotonic() + 20
    while not Path(f"{event}.{other}").exists():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{other} did not come to {event}")


def work(folder, event):
    """Write until the other process has ended."""
    (folder / "manifest.json").write_text(me)
    meet(f"{event}.ended")


def call(arguments, event):
    output = Path(arguments[-1])

    def training(*asked):
        with run_folder.writing(output, "--resume" in arguments) as folder:
            work(folder, event)
        sys.exit(0)

    def exporting(*asked):
        with folder_written_whole("output", output) as folder:
            work(folder, event)

    train.start_tensorflow, bundle_of_preset.write_preset_bundle = training, exporting
    meet(event)
    errors, status = io.StringIO(), 0
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            application.main(arguments)
        except SystemExit as end:
            status = end.code
    Path(f"{event}.ended.{me}").touch()
    return {"status": status, "error": errors.getvalue()}


def take_turns(event, count=50):
    """Hold an output for an instant, again and again; return how often, and whether the other held it meanwhile."""
    meet(event)
    held, both = 0, 0
    while held < count:
        with contextlib.suppress(ValueError), one_writer.one_writer("output", Path("new", "folder", "run")):
            try:
                os.close(os.open("held", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                both += 1
            else:
                os.unlink("held")
            held += 1
    return {"held": held, "both": both}


if __name__ == "__main__":
    one_writer.SECONDS = 0.02
    me, other = sys.argv[1:3]
    lines = [[*line] for is_line, line in itertools.groupby(sys.argv[3:], lambda word: word != "--") if is_line]
    for number, arguments in enumerate(lines):
        print(json.dumps(call(arguments, str(number))))
    print(json.dumps(take_turns("turns")))
