import functools
import json
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export.bundle import export_bundle
from keras_vae.models.vae import VAE

MODELS = {
    "dense": ("digits_mlp", {"latent_dim": 3, "network": {"hidden": [16]}}),
    "convolutional": ("mnist_conv", {"latent_dim": 5, "network": {"filters": [4, 8], "hidden": 16}}),
}


@dataclass
class Exported:
    """A bundle, the model it was made from, and its files run by their own runtimes."""

    model: VAE
    path: Path
    images: np.ndarray

    @property
    def manifest(self):
        return json.loads((self.path / "manifest.json").read_text())

    def call(self, file, signature, **inputs):
        """Run one signature of one file."""
        path = self.path / file
        if path.is_dir():
            function = tf.saved_model.load(path).signatures[signature]
            return {k: v.numpy() for k, v in function(**{k: tf.constant(v) for k, v in inputs.items()}).items()}
        if path.suffix == ".tflite":
            return Interpreter(str(path), num_threads=1).get_signature_runner(signature)(**inputs)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs), strict=True))

    def generate(self, file, count, seed=7, temperature=1.0, start=0):
        index = np.arange(start, start + count, dtype=np.int32)
        return self.call(
            file, "generate", index=index, seed=np.array(seed, np.int32), temperature=np.array(temperature, np.float32)
        )


def contrasty(preset, changes):
    """An untrained model whose pixels are not all near a half."""
    model = VAE.from_preset(preset, **changes)
    for weight in model.decoder.trainable_weights:
        weight.assign(2 * weight)
    return model


@pytest.fixture(scope="session")
def exports(made_once):
    """Bundles by name, each made once: pytest forgets a fixture's last parameter when the next one comes."""

    @functools.cache
    def export(name):
        def write(folder):
            model = contrasty(*MODELS[name])
            images = model.generate(20, seed=99)
            path = folder / name
            path.mkdir(parents=True)  # an empty folder is as good as none
            data = [images[:10], (images[10:], np.zeros(10))]
            assert export_bundle(model, path, data, metrics={"elbo": -12.5}) == path
            model.save(folder / "model.keras")
            np.save(folder / "images.npy", images)

        folder = made_once(f"export_{name}", write)
        return Exported(keras.models.load_model(folder / "model.keras"), folder / name, np.load(folder / "images.npy"))

    return export


@pytest.fixture(scope="session", params=MODELS)
def exported(request, exports):
    return exports(request.param)


@pytest.fixture
def small_model():
    return VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
