"""Models with other priors, likelihoods and posteriors become whole bundles, and their latents need no runtime."""

import json
import runpy

import numpy as np
import pytest

from keras_vae.export import export_bundle, verify_bundle
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.export.verification.agreement import SEED as SEED_OF_AGREEMENT
from keras_vae.export.verification.agreement import Agreement
from keras_vae.models.presets import learned_variables
from keras_vae.models.vae import VAE
from keras_vae.posteriors.coupling_flow import CouplingFlow
from keras_vae.priors.mixture import GaussianMixture
from keras_vae.priors.real_nvp import RealNVP
from keras_vae.random.portable import latents_numpy

INDEX, SEED = [0, 5, 70_000], 3


def small(**changes):
    model = VAE.from_preset("digits_mlp", latent_dim=3, network={"hidden": [8]}, **changes)
    rng = np.random.default_rng(0)
    for weight in learned_variables(model):
        weight.assign_add(0.3 * rng.normal(size=weight.shape))
    return model


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
    found = runpy.run_path(str(bundle / "latents.py"))["draw_latents"](
        manifest, np.array(INDEX), np.int32(SEED), np.float32(0.8)
    )
    np.testing.assert_array_equal(found, model.sample_latents(SEED, np.array(INDEX, np.int32), 0.8).numpy())
    assert np.any(found != latents_numpy(SEED, INDEX, 3, 0.8))
    card = (bundle / "README.md").read_text()
    assert ("GaussianMixture prior" if how == "prior" else "StandardNormal prior, FixedMixture fitted") in card
    assert "bit-equal" in card


def test_a_flow_is_drawn_alike_and_a_likelihood_of_more_than_a_mean_has_nats_by_its_scores(tmp_path):
    model = small(prior=RealNVP(2, (8,)), likelihood="discretised_logistic_mixture", posterior="full_normal")
    bundle = export_bundle(model, tmp_path / "bundle")
    report = verify_bundle(bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert not manifest["model"]["bit_exact"]
    assert report.elbo is None
    lost = {file.path: file.nats_lost for file in report.files}
    assert all(nats.keys() <= {"score"} for nats in lost.values())
    assert abs(lost["tflite/vae.tflite"]["score"]) < 0.01
    assert abs(lost["onnx/score.onnx"]["score"]) < 0.01
    assert {"tflite/vae.tflite", "onnx/generate.onnx"} <= {file.path for file in report.files}
    assert "about 1e-5" in (bundle / "README.md").read_text()


def test_a_flow_posterior_encodes_alike_in_every_file(images, tmp_path):
    model = small(posterior=CouplingFlow(2, hidden=8, context=4))
    bundle = export_bundle(model, tmp_path / "bundle")
    verify_bundle(bundle)
    manifest = json.loads((bundle / "manifest.json").read_text())
    mean, stddev = (moment.numpy() for moment in model.posterior.moments(model.encode(images[:5])))
    assert np.abs(mean - model.encoder(images[:5]).numpy()[:, :3]).max() > 0.1  # the flow moves them
    checked = set()
    for path, artifact in manifest["artifacts"].items():
        if "encode" in artifact["signatures"] and artifact["precision"] == "float32":
            found = load_runtime(bundle, path, artifact)("encode", image=images[:5])
            np.testing.assert_allclose(found["mean"], mean, rtol=1e-4, atol=1e-4, err_msg=path)
            np.testing.assert_allclose(found["stddev"], stddev, rtol=1e-4, atol=1e-4, err_msg=path)
            checked.add(artifact["runtime"])
    assert checked == {"saved_model", "tflite", "onnx"}


def test_a_decoder_is_held_to_what_the_model_draws_not_to_standard_normals(tmp_path):
    model = small(prior=GaussianMixture(2))
    model.prior.log_stddevs.assign_sub(3 * np.ones([2, 3]))
    bundle = export_bundle(model, tmp_path / "bundle")
    manifest, golden = (json.loads((bundle / name).read_text()) for name in ("manifest.json", "golden.json"))
    reference = load_runtime(bundle, "saved_model", manifest["artifacts"]["saved_model"])
    decoded = []

    class Noting:
        artifact = {"signatures": ["decode"]}  # noqa: RUF012

        def __call__(self, signature, **inputs):
            decoded.append(inputs["latent"])
            return reference(signature, **inputs)

    agreement = Agreement(Noting(), golden, reference, 1e-5)
    assert (agreement.misses, agreement.largest_error) == ([], 0.0)
    np.testing.assert_array_equal(
        decoded[-1], model.sample_latents(SEED_OF_AGREEMENT, np.arange(64, dtype=np.int32), 1.0)
    )
