"""The names of the design, and what importing the package costs and registers."""

import subprocess
import sys

import numpy as np
import pytest

import keras_vae


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()


def test_importing_loads_no_tensorflow():
    (loaded,) = run(
        "import sys, keras_vae; dir(keras_vae); "
        "print(sorted({'tensorflow', 'keras', 'tensorflow_probability', 'tensorflow_datasets'} & sys.modules.keys()))"
    )
    assert loaded == "[]"


def test_preset_names_need_no_tensorflow_objects():
    assert "digits_mlp" in keras_vae.preset_names()


@pytest.mark.parametrize("name", keras_vae.__all__)
def test_every_public_name_resolves(name):
    assert getattr(keras_vae, name) is not None
    assert name in dir(keras_vae)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match=r"attribute.* VEA"):
        keras_vae.VEA  # noqa: B018


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return path, float(np.sum(model.generate(2, seed=1)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "imports",
    [
        "import keras, keras_vae",
        "import keras_vae, keras",
        "import keras_vae; keras_vae.preset_names(); import keras",
        "import keras_vae.random.portable; import keras",
    ],
)
def test_keras_loads_a_model_in_a_fresh_process(saved, imports):
    path, total = saved
    (line,) = run(
        f"{imports}; model = keras.models.load_model({str(path)!r}); "
        "print(type(model).__name__, float(model.generate(2, seed=1).sum()))"
    )
    name, loaded_total = line.split()
    assert name == "VAE"
    assert float(loaded_total) == pytest.approx(total, rel=1e-5)
