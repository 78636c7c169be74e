"""The names of the design, and what importing the package costs and registers."""

import os
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


IMPORTS = [
    "import keras, keras_vae",
    "import keras_vae, keras",
    "import keras_vae; keras_vae.preset_names(); import keras",
    "import keras_vae.random.portable; import keras",
]


@pytest.fixture(scope="module")
def loaded(saved):
    """What each way of importing the two makes of the file, in a process that neither was imported in before.

    The processes are forked from one that has imported what takes longest and is neither: TensorFlow and scikit-learn.
    """
    return run(f"""
import os, sys, sklearn.base, tensorflow
assert not {{"keras", "keras_vae"}} & sys.modules.keys()
for imports in {IMPORTS}:
    if not os.fork():
        exec(imports)
        model = keras.models.load_model({str(saved[0])!r})
        print(type(model).__name__, float(model.generate(2, seed=1).sum()), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, imports
""")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork processes")
@pytest.mark.parametrize("imports", IMPORTS)
def test_keras_loads_a_model_in_a_fresh_process(saved, loaded, imports):
    assert len(loaded) == len(IMPORTS)
    name, total = loaded[IMPORTS.index(imports)].split()
    assert name == "VAE"
    assert float(total) == pytest.approx(saved[1], rel=1e-5)
