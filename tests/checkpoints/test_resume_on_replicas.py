"""On two replicas a resumed training ends bit for bit as the uninterrupted one; two processes: see command_line."""

import os
from pathlib import Path

import pytest

from tests.fresh_process import FreshProcess, run_program

SCRIPT = Path(__file__).with_name("resume_on_replicas.py")


@pytest.mark.slow
def test_two_replicas_of_one_process(tmp_path):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    status, printed, errors = FreshProcess(run_program, SCRIPT, tmp_path, environment=environment).ended()
    assert (status, printed) == (0, "the same\n"), errors
