"""The command as a process of its own: what it loads, what it prints, and how it ends."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

COMMANDS = ("train", "evaluate", "generate")
HEAVY = "{'tensorflow', 'keras', 'tensorflow_probability', 'tensorflow_datasets', 'matplotlib'}"


def start(*arguments, **options):
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False, **options
    )


def test_nothing_cheap_loads_tensorflow(tmp_path):
    attempts = [
        *(["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)),
        *(["train", "--output", "x", option, "0"] for option in ("--epochs", "--latent-dim", "--learning-rate")),
        *([command, "no/run"] for command in ("evaluate", "generate")),
    ]
    code = f"""
import sys
from keras_vae.command_line.application import main
for arguments in {attempts!r}:
    try:
        main(arguments)
    except SystemExit as end:
        assert end.code == 2, (arguments, end.code)
    loaded = {HEAVY} & set(sys.modules)
    assert not loaded, (arguments, loaded)
"""
    done = start("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Examples:") == 1 + len(COMMANDS)
    assert len(done.stderr.splitlines()) == 5
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_a_run_a_bundle_and_a_preset_load_no_tensorflow(run, tmp_path):
    attempts = [["generate", *source] for source in ([str(run)], [str(run / "bundle")], ["--preset", "mnist_iwae_mlp"])]
    code = f"""
import sys
from keras_vae.command_line.application import main
for arguments in {attempts!r}:
    main(arguments)
    loaded = {HEAVY} & set(sys.modules)
    assert not loaded, (arguments, loaded)
with open("/proc/self/status") as status:
    (peak,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
assert peak < 200e3, peak  # kilobytes; TensorFlow alone takes more
"""
    done = start("-c", code, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["samples.png"]


def test_scores_of_a_run_and_a_bundle_load_no_tensorflow(run, tmp_path):
    Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20)).save(tmp_path / "wide.png")
    attempts = [["score", str(source), "wide.png", "--output", "of.csv"] for source in (run, run / "bundle")]
    code = f"""
import sys
from keras_vae.command_line.application import main
for arguments in {attempts!r}:
    main(arguments)
    loaded = {HEAVY} & set(sys.modules)
    assert loaded <= {{'matplotlib'}}, (arguments, loaded)  # which draws the picture
"""
    done = start("-c", code, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert len((tmp_path / "of.csv").read_text("utf-8").splitlines()) == 2


def test_a_mistake_found_late_is_still_one_line(tmp_path):
    arguments = ["train", "--dataset", "mnits", "--output", "run"]
    done = start("-m", "keras_vae.command_line.application", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("keras-vae: error: dataset is 'mnits': expected")
    assert "did you mean mnist" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_help_shows_its_examples_one_a_line(command, capsys):
    from keras_vae.command_line.application import main

    main([*command.split(), "--help"])
    shown = capsys.readouterr().out
    assert "\\b" not in shown
    lines = [line.strip() for line in shown.split("Examples:")[1].splitlines()]
    examples = [line for line in lines if line.startswith("keras-vae")]
    assert len(examples) >= 2
    assert all(line.startswith(f"keras-vae {command}") and line.count("keras-vae") == 1 for line in examples)
