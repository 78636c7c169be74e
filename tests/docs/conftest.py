import inspect
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import keras_vae
from keras_vae.command_line.application import main


@pytest.fixture(scope="package", autouse=True)
def without_xla():
    """Compiling takes longer than these trainings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras_vae.models.compile_options.compiles_well", lambda model: False)
        yield


@pytest.fixture(scope="package")
def trained(tmp_path_factory):
    """A run folder with its bundle, of few steps."""
    output = tmp_path_factory.mktemp("trained") / "digits"
    main(["train", "--output", str(output), "--epochs", "1", "--importance-samples", "2"])
    return output


@pytest.fixture(scope="package")
def cache(tmp_path_factory):
    """Datasets as the first page that names them prepared them."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def users_folder(tmp_path, trained, cache, monkeypatch):
    """The current folder of a user who has images, and a run of the digits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        path = tmp_path / "path/to/images" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    np.save("images.npy", pixels)
    shutil.copytree(trained, "runs/digits")


@pytest.fixture
def short_commands(trained, monkeypatch):
    """`keras-vae train` reads its images and makes its model, but fits nothing; a bundle is that of the digits.

    Trainings and exports of all kinds are tested where they live. Here, what a page says must be possible.
    """
    from keras_vae.export.consumers import explore
    from keras_vae.runs import train

    figures = json.loads((trained / "metrics.json").read_text())["test"]
    real = inspect.signature(keras_vae.export.export_bundle)

    def export_bundle(*arguments, **named):
        given = real.bind(*arguments, **named).arguments
        directory = Path(given["directory"])
        shutil.copytree(trained / "bundle", directory)
        if given["model"].classes:  # the digits' file knows none: Keras draws
            (directory / "tflite/vae.tflite").unlink()
        return directory

    def serve(bundle, port, open_browser):
        explore.make_server(bundle, port).close()

    monkeypatch.setattr(train, "fit", lambda *_: {"loss": [1.0]})
    monkeypatch.setattr(train, "_fit_sampler", lambda *_: None)
    monkeypatch.setattr(train, "evaluate_run", lambda *_: figures)
    monkeypatch.setattr(train, "draw_pictures", lambda *_: None)
    monkeypatch.setattr(keras_vae.export, "export_bundle", export_bundle)
    monkeypatch.setattr(explore, "serve", serve)
