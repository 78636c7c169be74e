"""`keras-vae train` ended by SIGTERM, and `--resume`."""

import signal
import subprocess
import sys

import pytest

from keras_vae.command_line.application import main

ARGUMENTS = ["--epochs", "3000", "--latent-dim", "2", "--importance-samples", "1", "--output"]


@pytest.mark.slow
def test_sigterm_saves_and_other_arguments_are_refused(tmp_path, capsys):
    output = tmp_path / "run"
    command = [sys.executable, "-m", "keras_vae.command_line.application", "train", *ARGUMENTS, str(output)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("epoch 1/3000"):
                process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert process.returncode == 143, said
    (checkpoint,) = (tmp_path / "run.unfinished" / "checkpoints").iterdir()
    assert said.splitlines() == [
        f"keras-vae: asked to end by SIGTERM; the last checkpoint is {checkpoint}; go on with the same arguments and "
        "--resume"
    ]

    for changed, named in (
        (["--latent-dim", "3"], "latent_dim is 3 where it was 2"),
        (["--learning-rate", "0.5"], "learning_rate is 0.5 where it was 0.003"),
    ):
        with pytest.raises(SystemExit) as refused:
            main(["train", *ARGUMENTS, str(output), "--resume", *changed])
        assert refused.value.code == 2
        error = capsys.readouterr().err
        assert named in error
        assert error.count("\n") == 1
    assert checkpoint.exists()


def test_nothing_to_resume(tmp_path, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["train", "--resume", "--output", str(tmp_path / "run")])
    assert refused.value.code == 2
    assert "run.unfinished holds no checkpoint: expected one to resume; leave out" in capsys.readouterr().err


@pytest.mark.parametrize("steps", ["0", "-3", "often"])
def test_steps_between_checkpoints_are_a_number_from_1(tmp_path, capsys, steps):
    with pytest.raises(SystemExit) as refused:
        main(["train", "--checkpoint-every", steps, "--output", str(tmp_path / "run")])
    assert refused.value.code == 2
    assert "--checkpoint-every" in capsys.readouterr().err
