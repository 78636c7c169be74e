"""Where Keras does not run on TensorFlow with channels last, one line says so."""

import json
import os
import subprocess
import sys

import pytest

WHERE = {
    "no such backend": {"KERAS_BACKEND": "theano"},
    "a backend that is not installed": {"KERAS_BACKEND": "mxnet"},
    "another backend": {"KERAS_BACKEND": "numpy"},
    "channels first": {"image_data_format": "channels_first"},
}


def run(tmp_path, where, code):
    (tmp_path / "keras.json").write_text(
        json.dumps({"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7, **where})
    )
    environment = {"KERAS_HOME": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment |= {name: value for name, value in where.items() if name.isupper()}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, timeout=300
    )


@pytest.mark.slow
@pytest.mark.parametrize("where", WHERE)
def test_names_and_commands_say_what_is_needed(tmp_path, where):
    code = (
        "import sys, keras_vae\n"
        "assert 'digits_mlp' in keras_vae.preset_names()\n"
        "for use in (lambda: keras_vae.VAE, lambda: keras_vae.VAE, lambda: keras_vae.likelihoods.Bernoulli):\n"
        "    try:\n"
        "        use()\n"
        "    except ValueError as error:\n"
        "        print(error)\n"
        "from keras_vae.command_line.application import main\n"
        f"main(['train', '--output', {str(tmp_path / 'run')!r}])\n"
    )
    done = run(tmp_path, WHERE[where], code)
    told = done.stdout.splitlines()
    assert len(told) == 3, done.stdout + done.stderr
    assert all(": expected tensorflow" in line for line in told)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("keras-vae: error: ")
    assert not (tmp_path / "run").exists()
