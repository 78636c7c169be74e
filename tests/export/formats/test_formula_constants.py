import numpy as np
import tensorflow as tf

from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.tflite import TFLiteFiles
from keras_vae.export.runtimes.runtime import load_runtime

WEIGHTS = np.random.default_rng(0).normal(size=(8, 32)).astype(np.float32)


@tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32, name="latent")])
def decode(latent):
    # without tanh the converter would make weights and biases of both numbers
    return {"image": tf.tanh(tf.matmul(latent, tf.constant(WEIGHTS))) * (1 / 255) + (1 / 3)}


def test_float16_rounds_weights_and_no_constant_of_a_formula(tmp_path):
    write_saved_model({"decode": decode}, tmp_path / "saved_model")
    artifact = TFLiteFiles(tmp_path / "saved_model").write(tmp_path / "half.tflite", ["decode"], "float16")
    latent = np.random.default_rng(1).normal(size=(4, 8)).astype(np.float32)
    found = load_runtime(tmp_path, "half.tflite", vars(artifact))("decode", latent=latent)["image"]
    rounded = np.tanh(latent @ WEIGHTS.astype(np.float16).astype(np.float32))
    np.testing.assert_allclose(found, rounded / 255 + 1 / 3, rtol=0, atol=1e-7)
    assert np.abs(found - (np.tanh(latent @ WEIGHTS) / 255 + 1 / 3)).max() > 3e-7  # the weights are rounded
