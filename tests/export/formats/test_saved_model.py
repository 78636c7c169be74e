"""The SavedModel: what it holds, and what loads it."""

import logging

import numpy as np
import tensorflow as tf

from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import signatures
from keras_vae.models.vae import VAE
from keras_vae.private_interfaces import write_fingerprint


def test_it_has_no_custom_gradients_and_the_right_ones_all_the_same(tmp_path, caplog):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8], "activation": "swish"})
    write_saved_model(signatures(model), tmp_path / "saved_model")
    with caplog.at_level(logging.WARNING):
        loaded = tf.saved_model.load(str(tmp_path / "saved_model"))
    assert caplog.records == []  # TensorFlow says it of each that is named and not stored
    z = tf.constant([[0.5, -1.0]])
    gradients = []
    for function in (lambda z: loaded.signatures["decode"](latent=z)["image"], lambda z: model.decode(z).mean()):
        with tf.GradientTape() as tape:
            tape.watch(z)
            image = function(z)
        gradients.append(tape.gradient(image, z).numpy())
    assert np.all(np.abs(gradients[0]) > 1e-6)
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-7)


def test_its_fingerprint_is_of_what_it_holds(tmp_path):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]})
    write_saved_model(signatures(model), tmp_path / "saved_model")
    stated = tf.saved_model.experimental.read_fingerprint(str(tmp_path / "saved_model"))
    (tmp_path / "saved_model" / "fingerprint.pb").unlink()
    write_fingerprint(tmp_path / "saved_model")
    found = tf.saved_model.experimental.read_fingerprint(str(tmp_path / "saved_model"))
    assert stated.graph_def_program_hash == found.graph_def_program_hash
    assert stated.saved_model_checksum == found.saved_model_checksum
