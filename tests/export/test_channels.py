"""Images of other channels than gray and colour have, and of sides that are no powers of 2, from end to end."""

import json

import keras
import numpy as np
import pytest

from keras_vae.evaluation.evaluate import evaluate
from keras_vae.export import export_bundle, verify_bundle
from keras_vae.models.vae import VAE

MODELS = {
    (10, 15, 4): ("image_conv", "discretised_logistic_mixture", {"filters": [2, 4], "hidden": 4}),
    (8, 8, 2): ("digits_mlp", "bernoulli", {"hidden": [8]}),
}


@pytest.mark.slow
@pytest.mark.parametrize("image_shape", MODELS, ids=str)
def test_trains_is_judged_saved_exported_and_verified(image_shape, tmp_path):
    preset, likelihood, network = MODELS[image_shape]
    model = VAE.from_preset(preset, image_shape=image_shape, latent_dim=3, likelihood=likelihood, network=network)
    images = np.random.default_rng(0).integers(0, 2, (16, *image_shape)).astype("float32")
    model.compile("adam")
    before = model.encoder.get_weights()[0]
    assert np.isfinite(model.fit(images, batch_size=8, verbose=0).history["loss"]).all()
    assert np.any(model.encoder.get_weights()[0] != before)
    figures = evaluate(model, [images], importance_samples=2)
    assert figures["is_likelihood"]
    assert figures["nll"] > 0

    model.save(tmp_path / "model.keras")
    drawn = model.generate(5, seed=1)
    assert drawn.shape == (5, *image_shape)
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras").generate(5, seed=1), drawn)

    export_bundle(model, tmp_path / "bundle", [images])
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["not_written"] == {}
    named = {4: "red, green, blue, alpha", 2: "2, as in training"}
    assert manifest["preprocessing"]["channels"] == named[image_shape[-1]]
    report = verify_bundle(tmp_path / "bundle")
    assert {file.path for file in report.files} == manifest["artifacts"].keys()
