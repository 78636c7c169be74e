"""A machine where home, the cache or the folder for temporary files cannot be written, even by root."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "keras_vae.command_line.application"]
TRAINING = [sys.executable, Path(__file__).with_name("without_compiling.py"), "train"]
UNWRITABLE = "/proc/nowhere"

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self"), reason="this system has no place that root cannot write"
)


@pytest.fixture(params=["a home that cannot be written", "a home that is a file"])
def environment(request, tmp_path):
    """Variables under which neither home nor a folder for temporary files can be written."""
    home = tmp_path / "home"
    home.write_text("a file")
    known = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "MPLCONFIGDIR")}
    return {**known, "HOME": str(home) if "file" in request.param else UNWRITABLE, "TMPDIR": UNWRITABLE}


def run(environment, folder, *command):
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


def test_pictures_need_none_of_them(environment, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    done = run(environment, folder, *COMMAND, "generate", "--preset", "mnist_iwae_mlp")
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in folder.iterdir()] == ["samples.png"]


def test_a_cache_that_is_needed_is_named_with_the_mend(environment, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    done = run(environment, folder, *COMMAND, "explore", "--preset", "mnist_iwae_mlp")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert f"XDG_CACHE_HOME {environment['HOME']}/.cache/keras_vae/bundles/mnist_iwae_mlp-" in done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_training_needs_none_of_them(environment, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    arguments = ["--epochs", "1", "--importance-samples", "1", "--latent-dim", "2", "--no-bundle"]
    done = run(environment, folder, *TRAINING, *arguments, "--output", "run")
    assert done.returncode == 0, done.stderr
    assert "keras-vae: error" not in done.stderr
    assert (folder / "run/model.keras").is_file()


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="this system has no tmpfs")
def test_a_training_on_tmpfs(keras_vae):
    folder = tempfile.mkdtemp(dir="/dev/shm")
    try:
        arguments = ["--epochs", 1, "--importance-samples", 1, "--latent-dim", 2, "--no-bundle"]
        assert keras_vae("train", *arguments, "--output", f"{folder}/run")[0] == 0
        assert os.listdir(folder) == ["run"]
    finally:
        shutil.rmtree(folder)
