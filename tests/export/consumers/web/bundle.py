"""Bundles of small untrained models, and copies of them to change."""

import json
import shutil

import numpy as np
import tensorflow as tf

from keras_vae.export.bundle import export_bundle
from keras_vae.export.consumers.explore import PAGE
from keras_vae.models.vae import VAE
from keras_vae.random.portable import latents_numpy

MODELS = {
    "plane": ("digits_mlp", {"latent_dim": 2, "network": {"hidden": [16]}}),
    "colour": (
        "image_conv",
        {"image_shape": [16, 24, 3], "latent_dim": 20, "network": {"filters": [4, 8], "hidden": 16}},
    ),
}


class Bundle:
    """A bundle, and its SavedModel as the reference."""

    def __init__(self, preset, changes, path, **more):
        model = VAE.from_preset(preset, **changes)
        for weight in model.decoder.trainable_weights:
            weight.assign(3 * weight)  # untrained, but with pixels that are not all near a half
        self.kl = np.random.default_rng(0).permutation(model.latent_dim) / 10
        metrics = {"elbo": -12.5, "kl_per_dimension": self.kl.tolist()}
        self.path = export_bundle(model, path, metrics=metrics, purposes=["web"], **more)
        self.latent_dim, self.shape = model.latent_dim, model.image_shape
        self.signatures = tf.saved_model.load(path / "saved_model").signatures
        if not (path / "web").exists():
            shutil.copytree(PAGE, path / "web")

    def call(self, signature, **inputs):
        outputs = self.signatures[signature](**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in outputs.items()}

    def decode(self, latent):
        return self.call("decode", latent=np.asarray(latent, np.float32).reshape(-1, self.latent_dim))["image"]

    def score(self, image):
        """Scores of images [n, H, W, C], by name."""
        index = np.arange(len(image), dtype=np.int32)
        return self.call("score", image=image.astype(np.float32), index=index, seed=np.int32(0))

    def latents(self, seed, index, temperature=1.0):
        return latents_numpy(seed, index, self.latent_dim, temperature)


def copied(bundle, tmp_path):
    return shutil.copytree(bundle.path, tmp_path / "bundle")


def change_manifest(path, change):
    manifest = json.loads((path / "manifest.json").read_text())
    change(manifest)
    (path / "manifest.json").write_text(json.dumps(manifest))
