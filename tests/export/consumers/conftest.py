import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import onnxruntime
import pytest

from keras_vae.export import consumers
from keras_vae.export.formats.onnx import write_onnx
from keras_vae.export.formats.signatures import signatures
from keras_vae.models.vae import VAE

from .native import COMPILE, SOURCE

SOURCES = Path(consumers.__path__[0])
sys.path.append(str(SOURCES))  # as where `python generate.py` runs: latents.py is beside it


@dataclass
class Copy:
    """A bundle to break, and the `generate.py` in it, imported from there."""

    path: Path
    model: VAE | None
    program: ModuleType


def imported(path):
    spec = importlib.util.spec_from_file_location("generate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def copied(exported, path):
    shutil.copytree(exported.path, path, ignore=shutil.ignore_patterns("saved_model"))
    for name in ("generate.py", "latents.py"):
        shutil.copyfile(SOURCES / name, path / name)
    return Copy(path, exported.model, imported(path / "generate.py"))


@pytest.fixture(scope="session")
def bundle(exported, tmp_path_factory):
    """A bundle to read."""
    return copied(exported, tmp_path_factory.mktemp("read") / "bundle")


@pytest.fixture
def broken(exported, tmp_path):
    """A bundle to break."""
    return copied(exported, tmp_path / "bundle")


@dataclass
class Colour:
    """A model of images that are neither gray nor square, as an ONNX file."""

    path: Path
    model: VAE


@pytest.fixture(scope="session")
def colour(tmp_path_factory):
    network = {"filters": [4, 8], "hidden": 8}
    model = VAE.from_preset("image_conv", image_shape=[16, 8, 3], latent_dim=3, network=network)
    for weight in model.decoder.trainable_weights:
        weight.assign(2 * weight)
    path = tmp_path_factory.mktemp("colour") / "generate.onnx"
    write_onnx("generate", signatures(model)["generate"], path)
    return Colour(path, model)


@pytest.fixture(scope="session")
def conditional(tmp_path_factory):
    """Two ONNX files of a model of three classes and of colours, in a folder, and the model."""
    model = VAE.from_preset("digits_mlp", image_shape=(8, 9, 3), latent_dim=3, network={"hidden": [8]}, classes=3)
    for weight in model.decoder.trainable_weights:
        weight.assign(2 * weight)
    folder, functions = tmp_path_factory.mktemp("conditional"), signatures(model)
    for name in ("generate", "score"):
        write_onnx(name, functions[name], folder / f"{name}.onnx")
    return folder, model


@pytest.fixture(scope="session")
def compiler():
    found = shutil.which("gcc") or shutil.which("clang")
    if not found:
        pytest.skip("no C compiler: install gcc or clang")
    return found


@pytest.fixture(scope="session")
def programs(compiler, tmp_path_factory):
    """A folder with `generate` and `score`."""
    libraries = list(Path(onnxruntime.__path__[0], "capi").glob("libonnxruntime.so.*"))
    if not libraries:
        pytest.skip("this onnxruntime package carries no libonnxruntime.so")
    folder = tmp_path_factory.mktemp("native")
    (folder / "libonnxruntime.so.1").symlink_to(libraries[0])
    for name in ("generate", "score"):
        command = [compiler, *COMPILE, "-o", name, SOURCE / f"{name}.c", "libonnxruntime.so.1", "-lm"]
        subprocess.run([*command, "-Wl,-rpath,$ORIGIN"], cwd=folder, check=True)
    return folder


# Both signs, both ends, and a step of the upper half; and images on both sides of the generator's first 65536.
SEEDS = (0, 7, -1, 65536, 2**31 - 1, -(2**31))
STARTS = (0, 65530, 2**31 - 60)


def images_of(model, seed, start, count, temperature=1.0):
    """What Keras makes of the same numbers."""
    z = model.sample_latents(seed, np.arange(start, start + count, dtype=np.int32), temperature)
    return model.decode(z).mean().numpy()


@pytest.fixture
def numbers():
    """1,080 pairs of seed and image, as (seed, start, count)."""
    return [(seed, start, 60) for seed in SEEDS for start in STARTS]


@pytest.fixture
def keras_images():
    return images_of
