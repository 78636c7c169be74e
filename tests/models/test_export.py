"""`model.export`, as Keras writes a model, for those who have the pipeline of another Keras model."""

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE


@pytest.mark.filterwarnings("ignore:In the future `np.object` will be defined:FutureWarning")  # of Keras' exporter
@pytest.mark.parametrize(("model_class", "options"), [(VAE, {"classes": 3}), (Autoencoder, {})])
def test_every_format_of_keras_reconstructs(digits, tmp_path, model_class, options):
    model = model_class.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, **options)
    images, labels = digits[:5], np.arange(5, dtype="int32") % 3
    inputs = {"image": images, **({"label": labels} if options else {})}
    expected = model.reconstruct(images, label=inputs.get("label"))
    model.export(tmp_path / "saved_model", verbose=False)
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    model.export(tmp_path / "model.tflite", format="litert", verbose=False)

    loaded = tf.saved_model.load(tmp_path / "saved_model")
    found = {"saved_model": loaded.serve(tuple(inputs.values()) if options else images)}
    (found["onnx"],) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, inputs)
    runner = Interpreter(str(tmp_path / "model.tflite")).get_signature_runner()
    (found["litert"],) = runner(**inputs).values()
    for name, reconstructed in found.items():
        np.testing.assert_allclose(reconstructed, expected, atol=1e-6, err_msg=name)
