"""verify_bundle passes what was exported, and nothing else."""

import hashlib
import json
import shutil
from functools import partial

import keras
import numpy as np
import pytest
from scipy.special import xlogy

from keras_vae.export import BundleError, verify_bundle
from keras_vae.export.formats.calibration import calibration_latents
from keras_vae.export.formats.signatures import signatures
from keras_vae.export.formats.write_all import write_all
from keras_vae.export.verification import file_check
from keras_vae.export.verification.cost import Elbo
from keras_vae.models.vae import VAE
from keras_vae.random.portable import latents_numpy


@pytest.fixture
def bundle(exported, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(exported.path, tmp_path / "bundle")


def change_manifest(bundle, change):
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def sign(bundle, *names):
    """Make the manifest agree with files that were changed, as a forger would."""

    def change(manifest):
        for name in names:
            content = (bundle / name).read_bytes()
            manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    change_manifest(bundle, change)


def misses(bundle):
    with pytest.raises(BundleError) as caught:
        verify_bundle(bundle)
    return caught.value.misses


def test_a_bundle_as_exported_is_good(exported):
    report = verify_bundle(exported.path)
    assert [file.path for file in report.files] == list(exported.manifest["artifacts"])
    for file in report.files:
        stated = exported.manifest["artifacts"][file.path]
        assert file.misses == ()
        assert file.largest_error == pytest.approx(stated["largest_error"], abs=1e-6)
        assert file.nats_lost == pytest.approx(stated["nats_lost"], abs=1e-4)
        limit = {"float32": 1e-4, "float16": 0.1, "dynamic": 0.1, "int8": 1.0, "integer": 1.5}[file.precision]
        assert all(nats < limit for nats in file.nats_lost.values()), file
        if file.precision == "float32":
            assert all(abs(nats) < 1e-4 for nats in file.nats_lost.values()), file
    roles = {file.path: set(file.nats_lost) for file in report.files}
    assert roles["tflite/vae.dynamic.tflite"] == {"encode", "decode", "score"}
    assert roles["tflite/decoder.int8.tflite"] == {"decode"}
    assert roles["onnx/encode.onnx"] == {"encode"}
    assert roles["onnx/score.onnx"] == {"score"}


def test_the_elbo_is_that_of_a_reference_in_numpy():
    model = VAE.from_preset("digits_mlp", latent_dim=3, network={"hidden": [16]}, likelihood="bernoulli")
    images = (np.random.default_rng(0).uniform(size=(40, 8, 8, 1)) > 0.5).astype(np.float32)
    posterior = model.encode(images)
    mean, stddev = posterior.mean().numpy().astype(float), posterior.stddev().numpy().astype(float)
    pixels = model.decode((mean + stddev * latents_numpy(5, range(40), 3)).astype(np.float32)).mean().numpy()
    reconstruction = -(xlogy(images, pixels) + xlogy(1 - images, 1 - pixels)).sum((1, 2, 3)).mean()
    kl = 0.5 * (mean**2 + stddev**2 - 1 - 2 * np.log(stddev)).sum(1).mean()
    from keras_vae.export.bundle import _elbo

    found = _elbo(model, Elbo.of_model(model, images))
    assert found["reconstruction"] == pytest.approx(reconstruction, rel=1e-5)
    assert found["kl"] == pytest.approx(kl, rel=1e-5)
    assert found["elbo"] == pytest.approx(-reconstruction - kl, rel=1e-5)


def test_nats_can_be_measured_on_images_given_now(exported):
    images = exported.images
    report = verify_bundle(exported.path, [images[:12], images[12:]], images=15)
    assert (report.images, report.source) == (15, "data given now")
    assert abs(report.files[0].nats_lost["decode"]) < 1e-6
    with pytest.raises(ValueError, match=r"the shape of batch 0 of test_data is \[2, 5, 5, 1\]: expected"):
        verify_bundle(exported.path, [np.zeros((2, 5, 5, 1), np.float32)])


def test_a_flipped_byte_in_any_file_is_found(exported, bundle):
    for name in exported.manifest["files"]:
        path = bundle / name
        content = path.read_bytes()
        if not content:
            continue
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        (miss,) = misses(bundle)
        assert miss.startswith(f"{name} has SHA-256")
        assert "restore it, or export the model again" in miss
        path.write_bytes(content)
    assert verify_bundle(bundle)


def test_missing_foreign_and_lying_files_are_named(bundle):
    (bundle / "onnx/decode.onnx").unlink()
    (bundle / "onnx/other.onnx").write_text("?")
    change_manifest(bundle, lambda m: m["files"]["samples.png"].update(bytes=1))
    assert [miss.split(":")[0] for miss in misses(bundle)] == [
        "onnx/decode.onnx is missing",
        f"samples.png has {(bundle / 'samples.png').stat().st_size} bytes",
        "onnx/other.onnx is not in manifest.json",
    ]


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "web/../../outside", "C:/outside", "..\\outside"])
def test_a_path_that_leaves_the_folder_is_never_opened(bundle, path):
    (bundle.parent / "outside").write_text("")
    change_manifest(bundle, lambda m: m["files"].update({path: {"bytes": 0, "sha256": "0" * 64}}))
    (miss,) = misses(bundle)
    assert "does not follow its schema at $.files" in miss


def test_a_link_that_leaves_the_folder_is_found(bundle):
    path = bundle / "samples.png"
    moved = path.rename(bundle.parent / "samples.png")
    path.symlink_to(moved)
    assert misses(bundle) == [
        "samples.png points outside the bundle: expected a file inside it; restore it, or export the model again"
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[]", "schema_version None: expected 1"),
        (b'{"schema_version": 2}', "schema_version 2: expected 1; use the keras_vae that wrote it"),
        (b'{"schema_version": 1}', "is a required property"),
        (b'{"schema_version": NaN}', "NaN is not a JSON number"),
        (b"[" * 100_000, "is not JSON"),
        (None, "is missing: expected a bundle"),
    ],
)
def test_a_bad_manifest_is_named(bundle, content, says):
    path = bundle / "manifest.json"
    path.unlink() if content is None else path.write_bytes(content)
    (miss,) = misses(bundle)
    assert "manifest.json" in miss
    assert says in miss


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda m: m["model"].update(latent_dim=0), "$.model.latent_dim"),
        (lambda m: m["tolerances"].pop("int8"), "$.tolerances"),
        (lambda m: m["generator"]["table"].pop(), "$.generator.table"),
        (
            lambda m: m["artifacts"]["onnx/decode.onnx"].update(runtime="cuda"),
            "$.artifacts['onnx/decode.onnx'].runtime",
        ),
        (lambda m: m.update(note="hello"), "$"),
    ],
)
def test_a_manifest_that_breaks_the_schema_says_where(bundle, change, where):
    change_manifest(bundle, change)
    (miss,) = misses(bundle)
    assert f"does not follow its schema at {where} (" in miss


def test_signed_files_of_another_model_are_found_by_what_they_do(exported, bundle, tmp_path):
    """The hash only says that a file is the manifest's; the golden values say that it is the model."""
    config = exported.model.get_config()
    other = VAE.from_config(config)
    keras.utils.set_random_seed(3)
    for weight in other.trainable_weights:
        weight.assign(keras.random.normal(weight.shape) * 0.1)
    files = ("onnx/generate.onnx", "onnx/encode.onnx", "tflite/decoder.int8.tflite")
    latents = {"latent": calibration_latents(other)}
    _, not_written = write_all(partial(signatures, other), latents, tmp_path, ("saved_model", *files))
    assert not_written == {}
    for name in files:
        shutil.copyfile(tmp_path / name, bundle / name)
        sign(bundle, name)
    found = misses(bundle)
    assert {miss.split(":")[0] for miss in found} == set(files), found
    for name in files:
        shutil.copyfile(exported.path / name, bundle / name)
        sign(bundle, name)
    assert verify_bundle(bundle)


def test_a_wrong_golden_latent_fails_every_generator(exported, bundle):
    path = bundle / "golden.json"
    golden = json.loads(path.read_text())
    value = np.float32(golden["generate"][1]["latent"][2][0])
    golden["generate"][1]["latent"][2][0] = float(np.nextafter(value, np.float32(9)))
    path.write_text(json.dumps(golden))
    sign(bundle, "golden.json")
    generators = {p for p, a in exported.manifest["artifacts"].items() if "generate" in a["signatures"]}
    found = [miss for miss in misses(bundle) if "not those of Keras in golden.json" in miss]
    assert {miss.split(":")[0] for miss in found} == generators
    assert all("[[2, 0]]" in miss for miss in found)


def test_signatures_and_operators_are_compared(bundle):
    shutil.copyfile(bundle / "onnx/decode.onnx", bundle / "onnx/encode.onnx")
    sign(bundle, "onnx/encode.onnx")
    change_manifest(bundle, lambda m: m["artifacts"]["tflite/vae.tflite"]["operators"].update(FULLY_CONNECTED=99))
    found = misses(bundle)
    assert any(miss.startswith("onnx/encode.onnx: the inputs or outputs of encode") for miss in found)
    assert any(
        "tflite/vae.tflite: it does not use the operators" in miss and "FULLY_CONNECTED" in miss for miss in found
    )


def test_a_signed_file_that_no_runtime_loads_is_named(bundle):
    for name in ("onnx/decode.onnx", "tflite/vae.tflite"):
        (bundle / name).write_bytes(b"")
        sign(bundle, name)
    found = misses(bundle)
    assert {miss.split(":")[0] for miss in found} >= {"onnx/decode.onnx", "tflite/vae.tflite"}


def test_an_unknown_likelihood_fails_closed(bundle):
    change_manifest(bundle, lambda m: m["model"]["likelihood"].update(name="Poisson"))
    assert misses(bundle) == [
        "the manifest's likelihood is 'Poisson': expected one that this keras_vae has; use the keras_vae that wrote it"
    ]


def test_no_folder_is_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(ValueError, match="is not a folder: expected a bundle") as caught:
        verify_bundle(tmp_path / "nowhere")
    assert not isinstance(caught.value, BundleError)


def test_a_number_of_images_that_is_none_is_a_mistake_of_the_caller(exported):
    for images in (0, -1, 1.5, None):
        with pytest.raises(ValueError, match=f"images is {images}: expected a whole number of at least 1") as caught:
            verify_bundle(exported.path, images=images)
        assert not isinstance(caught.value, BundleError)


def test_a_pinned_manifest_is_taken_and_another_is_not(exports):
    bundle = exports("dense").path
    digest = hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()
    assert verify_bundle(bundle, sha256=digest)
    with pytest.raises(BundleError, match=f"manifest.json has SHA-256 {digest}: expected {'0' * 64}, as was asked"):
        verify_bundle(bundle, sha256="0" * 64)
    with pytest.raises(ValueError, match="sha256 is 'abc': expected 64 hexadecimal digits") as caught:
        verify_bundle(bundle, sha256="abc")
    assert not isinstance(caught.value, BundleError)


def test_lies_are_all_named_at_once(exports, tmp_path):
    bundle = shutil.copytree(exports("dense").path, tmp_path / "bundle")
    change_manifest(bundle, lambda m: m["model"].update(bit_exact=False))
    change_manifest(bundle, lambda m: m["artifacts"]["onnx/decode.onnx"]["nats_lost"].update(decode=-5.0))
    found = misses(bundle)
    assert [miss.split(" -")[0].split(" is ")[0] for miss in found] == [
        "manifest.json: bit_exact",
        "onnx/decode.onnx: manifest.json says that it loses",
    ]


def test_a_failure_without_words_lets_no_file_pass(exported, monkeypatch):
    def load(*_):
        raise MemoryError

    monkeypatch.setattr(file_check, "load_runtime", load)
    check = file_check.FileCheck(exported.path, exported.manifest, {}, None, None, load, None)
    path = "onnx/decode.onnx"
    assert check(path).misses == ("could not be run (MemoryError)",)
