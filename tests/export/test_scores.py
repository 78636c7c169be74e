"""Every file scores images as Keras does; bundles of before have no scores."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from keras_vae.export import BundleError, export_bundle, verify_bundle
from keras_vae.export.contents.files import sha256
from keras_vae.export.contents.threshold import threshold_of
from keras_vae.export.runtimes.choose_file import choose_file
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.export.runtimes.score import scores_by
from keras_vae.export.verification.integrity import read_manifest
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.vae import VAE

SCORING = [
    "saved_model",
    "tflite/vae.tflite",
    "tflite/vae.float16.tflite",
    "tflite/vae.dynamic.tflite",
    "onnx/score.onnx",
]


@pytest.fixture(scope="module")
def images(exported):
    """Twenty that the model draws, and as many ever further from these."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(size=exported.images.shape) < np.linspace(0.02, 0.5, 20)[:, None, None, None]
    return np.concatenate([exported.images.round(), np.where(noise, 1, exported.images).round()]).astype("float32")


@pytest.mark.parametrize("file", SCORING)
def test_every_file_scores_and_ranks_as_keras(exported, images, file):
    artifact = exported.manifest["artifacts"][file]
    expected = exported.model.score(images, seed=-5)
    found = scores_by(load_runtime(exported.path, file, artifact), images, {}, -5)
    tolerance = {"float32": 1e-5, "float16": 2e-3, "dynamic": 2e-2}[artifact["precision"]]
    for name, values in found.items():
        assert (values.dtype, values.shape) == (np.float32, (40,))
        np.testing.assert_allclose(values, getattr(expected, name), rtol=tolerance, atol=100 * tolerance, err_msg=name)
    least = 0.99 if artifact["precision"] == "dynamic" else 0.999
    assert stats.spearmanr(found["elbo"], expected.elbo).statistic >= least


def test_the_manifest_says_how_scores_are_drawn(exported):
    manifest = exported.manifest
    assert manifest["score"]["importance_samples"] == 16
    assert "image i * importance_samples + k" in manifest["score"]["noise"]
    assert manifest["signatures"]["score"] == {
        "inputs": {
            "image": {"shape": ["n", *exported.model.image_shape], "dtype": "float32"},
            "index": {"shape": ["n"], "dtype": "int32"},
            "seed": {"shape": [], "dtype": "int32"},
        },
        "outputs": {name: {"shape": ["n"], "dtype": "float32"} for name in ("elbo", "reconstruction", "kl", "bound")},
    }
    for file in SCORING:
        assert abs(manifest["artifacts"][file]["nats_lost"]["score"]) < 0.1
    assert "score(image, index int32[n], seed int32[])" in (exported.path / "README.md").read_text()


@pytest.fixture
def copied(exports, tmp_path):
    """A bundle to change."""
    return shutil.copytree(exports("dense").path, tmp_path / "bundle")


def change(bundle, name, how):
    """Change a JSON file; of another than the manifest, its entry there too."""
    content = json.loads((bundle / name).read_text())
    how(content)
    (bundle / name).write_text(json.dumps(content))
    if name != "manifest.json":
        size = (bundle / name).stat().st_size
        entry = {"bytes": size, "sha256": sha256(bundle / name)}
        change(bundle, "manifest.json", lambda manifest: manifest["files"].update({name: entry}))


LATER = ["onnx/score.onnx", "microcontroller/decode.tflite"]


def as_before(bundle):
    """Make it what the version before scores wrote, but for what its files can do beside."""

    def forget(manifest):
        del manifest["score"], manifest["signatures"]["score"], manifest["purposes"], manifest["written_for"]
        for path in LATER:
            del manifest["artifacts"][path], manifest["files"][path]
        for artifact in manifest["artifacts"].values():
            del artifact["lacks"]
            artifact["nats_lost"].pop("score", None)
            artifact["signatures"] = [name for name in artifact["signatures"] if name != "score"]

    for path in LATER:
        (bundle / path).unlink()
    change(bundle, "golden.json", lambda golden: golden.pop("score"))
    change(bundle, "manifest.json", forget)


def test_a_bundle_of_before_is_verified_and_says_which_version_scores(copied):
    as_before(copied)
    report = verify_bundle(copied)
    assert not any("score" in file.nats_lost for file in report.files)
    with pytest.raises(
        ValueError, match=r"by keras_vae 0\.1\.0 without scores: expected one written by a version after 0\.1\.0"
    ):
        choose_file(read_manifest(copied), "score", "tflite")


def test_golden_scores_are_held_against_every_file(copied):
    change(copied, "golden.json", lambda golden: golden["score"]["elbo"].__setitem__(3, golden["score"]["elbo"][3] + 9))
    with pytest.raises(BundleError) as caught:
        verify_bundle(copied)
    found = [miss for miss in caught.value.misses if ": score's elbo is " in miss]
    assert [miss.split(":")[0] for miss in found] == SCORING
    assert all(8.5 < float(miss.split()[6]) < 9.5 for miss in found), found


@pytest.mark.parametrize(
    ("lie", "says"),
    [
        (lambda m: m["score"].update(importance_samples=8), "score.importance_samples is 8 and not 16"),
        (lambda m: m["score"].update(noise="none"), "score.noise is 'none' and not"),
        (lambda m: m.pop("score"), "signatures has"),
        (lambda m: m["signatures"].pop("score"), "signatures has"),
        (lambda m: m["artifacts"].pop("onnx/score.onnx"), "onnx/score.onnx is in neither"),
        (lambda m: m["artifacts"]["tflite/vae.tflite"]["signatures"].pop(), "artifacts.tflite/vae.tflite is"),
        (lambda m: m["artifacts"]["tflite/vae.tflite"].update(lacks={"decode": "?"}), "does not follow its schema"),
    ],
)
def test_lies_about_scores_are_found_out(copied, lie, says):
    change(copied, "manifest.json", lie)
    with pytest.raises(ValueError, match=r"manifest\.json") as caught:
        read_manifest(copied)
    assert says in str(caught.value)


@keras.saving.register_keras_serializable(package="keras_vae_tests")
class Strange(Likelihood):
    """Its density takes an operator that neither TFLite nor ONNX has."""

    fixed_by_mean = False

    def call(self, parameters):
        class Pixels(tfp.distributions.Normal):
            def _log_prob(self, value):
                return super()._log_prob(value) - 0.01 * tf.math.lgamma(2.0 + tf.square(self.loc))

        return tfp.distributions.Independent(Pixels(tf.sigmoid(parameters), 1.0), 3)


@pytest.mark.slow
def test_a_file_that_cannot_express_scores_is_written_without_and_says_why(tmp_path):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]}, likelihood=Strange())
    with pytest.warns(UserWarning, match="in the bundle") as warned:
        export_bundle(model, tmp_path / "bundle")
    manifest = json.loads((tmp_path / "bundle/manifest.json").read_text())
    assert any(
        "vae.tflite is in the bundle without score: TFLite's converter leaves out" in str(each.message)
        for each in warned
    )
    for path, artifact in manifest["artifacts"].items():
        assert ("score" in artifact["signatures"]) == (path == "saved_model")
        assert ("score" in artifact["lacks"]) == path.startswith("tflite/vae")
    assert "ONNX cannot express score" in manifest["not_written"]["onnx/score.onnx"]
    assert read_manifest(tmp_path / "bundle") == manifest


def test_a_threshold_lets_through_what_it_should(tmp_path):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
    normal = np.random.default_rng(0).integers(0, 17, (101, 8, 8, 1)).astype("float32") / 16
    elbo = model.score(normal).elbo
    found = threshold_of(model, [normal[:60], normal[60:]], 0.1)
    assert (found["false_alarm_rate"], found["images"]) == (0.1, 101)
    assert np.sum(elbo < found["elbo"] - 1e-3) == 10  # at most a tenth
    assert np.sum(elbo < found["elbo"] + 1e-3) == 11
    for rate in (0, 1, -0.1, np.nan, "0.1", True):
        with pytest.raises(ValueError, match=r"false_alarm_rate is .*: expected a number between 0 and 1"):
            export_bundle(model, tmp_path / "bundle", normal_data=[normal], false_alarm_rate=rate)
    assert not (tmp_path / "bundle").exists()
    with pytest.raises(ValueError, match="batch 0 of normal_data"):
        threshold_of(model, [normal[:, :4]], 0.1)
