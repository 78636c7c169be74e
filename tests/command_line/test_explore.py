"""What `keras-vae explore` serves: a bundle, the one in a run, and one of a preset that is exported once."""

import http.client
import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys

import pytest

from keras_vae.command_line import bundle_of_preset
from keras_vae.export.consumers import explore


@pytest.fixture
def served(monkeypatch):
    """The folders that were served."""
    folders = []
    monkeypatch.setattr(explore, "serve", lambda bundle, port, open_browser: folders.append(bundle))
    return folders


@pytest.fixture
def written(monkeypatch, tmp_path, run):
    """The folders in a cache of the test's own that presets were exported to; a run's bundle stands in for theirs."""
    folders = []

    def write(preset, directory, console):
        folders.append(directory)
        shutil.copytree(run / "bundle", directory)

    monkeypatch.setattr(bundle_of_preset, "write_preset_bundle", write)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folders


def test_a_run_is_served_by_its_bundle(keras_vae, served, run):
    for source in (run, run / "bundle"):
        assert keras_vae("explore", source)[0] == 0
    assert served == [run / "bundle"] * 2


def test_a_preset_is_exported_once_and_again_where_it_is_damaged_or_of_another_version(
    keras_vae, served, written, monkeypatch
):
    status, printed, _ = keras_vae("explore", "--preset", "mnist_iwae_mlp")
    assert status == 0
    assert f"exporting preset mnist_iwae_mlp once, to {served[0]}" in printed
    assert keras_vae("explore", "--preset", "mnist_iwae_mlp") == (0, "", "")
    assert written == served[:1] == served[1:]
    (written[0] / "onnx/decode.onnx").write_bytes(b"cut short")
    assert keras_vae("explore", "--preset", "mnist_iwae_mlp")[0] == 0
    assert written == served[:2]
    monkeypatch.setattr(importlib.metadata, "version", lambda package: "99")
    assert keras_vae("explore", "--preset", "mnist_iwae_mlp")[0] == 0
    assert written[-1] == served[-1] != written[0]
    assert sorted(path.name for path in written[0].parent.iterdir()) == sorted({path.name for path in written})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "expected a run, a bundle or a preset; give one"),
        (["run", "--preset", "mnist_iwae_mlp"], "expected a run, a bundle or a preset; give one"),
        (["nowhere"], "nowhere is not a folder: expected a bundle"),
        (["--preset", "mnist_mlp"], "preset 'mnist_mlp' comes without trained weights: expected"),
        (["--preset", "mnist_mpl"], "preset is 'mnist_mpl': expected one of"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(keras_vae, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    status, _, error = keras_vae("explore", *arguments)
    assert (status, error.count("\n")) == (2, 1)
    assert says in error
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(keras_vae, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    status, _, error = keras_vae("explore", "--preset", "mnist_iwae_mlp")
    assert (status, error.count("\n")) == (2, 1)
    assert "XDG_CACHE_HOME /proc/nowhere/keras_vae/bundles/mnist_iwae_mlp-" in error


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_the_command_tells_the_address_loads_no_tensorflow_and_ends_in_peace(run):
    code = (
        # a process started in the background ignores it
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys; from keras_vae.command_line.explore import explore\n"
        "explore.main(standalone_mode=False)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code, str(run), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            told = process.stdout.readline()
            port = int(told.split("127.0.0.1:")[1].split("/")[0])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/manifest.json")
            assert connection.getresponse().status == 200
            connection.close()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()  # or leaving the block would wait for ever
    assert (process.returncode, errors) == (0, "")
