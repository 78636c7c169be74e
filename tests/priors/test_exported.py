"""A mixture's latents leave Python: bit-equal in every format, and by NumPy from the snapshot's configuration."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.export.formats.onnx import write_onnx
from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import signatures
from keras_vae.export.formats.tflite import TFLiteFiles
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.models.vae import VAE
from keras_vae.priors import GaussianMixture, RealNVP, VampPrior
from keras_vae.priors.mixture import choices_numpy
from keras_vae.random.portable import latents_numpy

PRIORS = {"vamp": lambda: VampPrior(40), "gaussian_mixture": lambda: GaussianMixture(5), "real_nvp": RealNVP}
INPUTS = {
    "index": np.array([0, 1, 2, 65536, 2**31 - 1], np.int32),
    "seed": np.int32(-7),
    "temperature": np.float32(0.9),
}


def by_formula(config, index, seed, temperature):
    """The latents from a manifest's numbers, as a program without keras_vae would draw them."""
    means, stddevs = (np.round(np.array(config[name], np.float32) * 2**14).astype(int) for name in ("means", "stddevs"))
    noise = latents_numpy(int(seed), index, means.shape[1], float(temperature))
    component = (choices_numpy(int(seed), index, means.shape[1])[:, None] >= np.array(config["thresholds"])).sum(axis=1)
    mean, stddev = (table[component].astype(np.float32) * np.float32(2**-14) for table in (means, stddevs))
    return mean + stddev * noise


@pytest.mark.parametrize("name", PRIORS)
def test_every_format_draws_the_same_latents(tmp_path, name):
    model = VAE.from_preset("digits_mlp", latent_dim=3, network={"hidden": [4]}, prior=PRIORS[name]())
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.2 * rng.normal(size=weight.shape))
    expected = model.sample_latents(*(tf.constant(INPUTS[name]) for name in ("seed", "index", "temperature"))).numpy()
    functions = {"generate": signatures(model)["generate"]}
    tflite = TFLiteFiles(tmp_path / "saved_model")
    artifacts = {
        "saved_model": write_saved_model(functions, tmp_path / "saved_model"),
        "float32.tflite": tflite.write(tmp_path / "float32.tflite", ["generate"]),
        "float16.tflite": tflite.write(tmp_path / "float16.tflite", ["generate"], "float16"),
        "generate.onnx": write_onnx("generate", functions["generate"], tmp_path / "generate.onnx"),
    }
    for path, artifact in artifacts.items():
        found = load_runtime(tmp_path, path, dataclasses.asdict(artifact))("generate", **INPUTS)["latent"]
        if model.prior.bit_exact:
            np.testing.assert_array_equal(found, expected, err_msg=path)
        else:
            np.testing.assert_allclose(found, expected, atol=2e-2 if "16" in path else 1e-4, err_msg=path)
    if model.prior.bit_exact:
        config = json.loads(json.dumps(model.prior.snapshot().get_config()))
        np.testing.assert_array_equal(by_formula(config, **INPUTS), expected)
