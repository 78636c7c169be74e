"""What is shown of an export while it lasts."""

import io
import logging

import pytest
from rich.console import Console

from keras_vae.command_line import bundle_of_run
from keras_vae.command_line.bundle_of_run import exporting

log = logging.getLogger("keras_vae.export")


@pytest.mark.parametrize(("seconds", "lines"), [(-1, ["  writing a.tflite", "  running a.tflite"]), (3600, [])])
def test_where_there_is_no_terminal_a_line_says_now_and_then_which_file_it_is_at(monkeypatch, caplog, seconds, lines):
    monkeypatch.setattr(bundle_of_run, "SECONDS", seconds)
    out = io.StringIO()
    with exporting(Console(file=out)):
        log.info("writing %s", "a.tflite")
        log.info("running %s", "a.tflite")
    assert out.getvalue().splitlines() == ["exporting: each file is written, run and measured", *lines]
    assert caplog.records == []  # such as notes on a user's data are


def test_afterwards_the_log_is_as_before():
    with pytest.raises(KeyError), exporting(Console(file=io.StringIO(), force_terminal=True)):
        log.info("writing %s", "a.tflite")
        raise KeyError
    assert (log.handlers, log.level, log.propagate) == ([], logging.NOTSET, True)
