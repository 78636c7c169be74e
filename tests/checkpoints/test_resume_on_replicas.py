"""On two replicas a resumed training ends bit for bit as the uninterrupted one; two processes: see command_line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("resume_on_replicas.py")


@pytest.mark.slow
def test_two_replicas_of_one_process(tmp_path):
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ended.stdout == "the same\n", ended.stderr
