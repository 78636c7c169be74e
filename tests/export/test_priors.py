"""Models with other priors, likelihoods and posteriors become whole bundles, and their latents need no runtime."""

import importlib.util
import json

import numpy as np
import pytest

from keras_vae.export import export_bundle, verify_bundle
from keras_vae.models.vae import VAE
from keras_vae.priors.gaussian_mixture import GaussianMixture
from keras_vae.priors.real_nvp import RealNVP
from keras_vae.random.portable import latents_numpy

INDEX, SEED = [0, 5, 70_000], 3


def small(**changes):
    model = VAE.from_preset("digits_mlp", latent_dim=3, network={"hidden": [8]}, **changes)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.3 * rng.normal(size=weight.shape))
    return model


def generate_py(bundle):
    spec = importlib.util.spec_from_file_location("generate", bundle / "generate.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).integers(0, 17, (60, 8, 8, 1)).astype(np.float32) / 16


@pytest.mark.parametrize("how", ["prior", "sampler"])
def test_a_mixture_is_drawn_bit_for_bit_by_the_manifest_alone(how, images, tmp_path):
    model = small(prior=GaussianMixture(4)) if how == "prior" else small().fit_sampler(images, components=3)
    bundle = export_bundle(model, tmp_path / "bundle")
    report = verify_bundle(bundle)
    assert {file.path for file in report.files} >= {"tflite/decoder.int8.tflite", "onnx/generate.onnx"}
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["model"]["bit_exact"]
    assert (manifest["model"]["sampler"] is None) == (how == "prior")
    found = generate_py(bundle).draw_latents(manifest, np.array(INDEX), np.int32(SEED), np.float32(0.8))
    np.testing.assert_array_equal(found, model.draw(SEED, np.array(INDEX, np.int32), 0.8).numpy())
    assert np.any(found != latents_numpy(SEED, INDEX, 3, 0.8))
    card = (bundle / "README.md").read_text()
    assert ("GaussianMixture prior" if how == "prior" else "StandardNormal prior, FixedMixture fitted") in card
    assert "bit-equal" in card


def test_a_flow_is_drawn_alike_and_a_likelihood_of_more_than_a_mean_has_no_nats(tmp_path):
    model = small(prior=RealNVP(2, (8,)), likelihood="discretised_logistic_mixture", posterior="full_normal")
    bundle = export_bundle(model, tmp_path / "bundle")
    report = verify_bundle(bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert not manifest["model"]["bit_exact"]
    assert report.elbo is None
    assert all(file.nats_lost == {} for file in report.files)
    assert {"tflite/vae.tflite", "onnx/generate.onnx"} <= {file.path for file in report.files}
    assert "about 1e-5" in (bundle / "README.md").read_text()
