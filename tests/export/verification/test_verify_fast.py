"""`verify_bundle(fast=True)`: no TensorFlow, and files that give other values are named."""

import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from keras_vae.export import BundleError, export_bundle, verify_bundle
from keras_vae.models.vae import VAE


@pytest.fixture
def bundle(exported, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(exported.path, tmp_path / "bundle")


def change_weights(bundle, name):
    """Change a file's largest weights, and make the manifest agree, as a forger would."""
    path = bundle / name
    model = onnx.load(path)
    largest = max(
        (each for each in model.graph.initializer if each.data_type == onnx.TensorProto.FLOAT),
        key=lambda each: np.prod(each.dims),
    )
    largest.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(largest), largest.name))
    onnx.save(model, path)
    manifest = json.loads((bundle / "manifest.json").read_text())
    content = path.read_bytes()
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (bundle / "manifest.json").write_text(json.dumps(manifest))


def test_every_file_but_the_savedmodel_is_checked(exported):
    report = verify_bundle(exported.path, fast=True)
    whole = {file.path: file for file in verify_bundle(exported.path).files}
    assert [file.path for file in report.files] == [path for path in whole if path != "saved_model"]
    assert (report.images, report.source, report.elbo) == (0, "golden values", None)
    for file in report.files:
        assert file.nats_lost.keys() == whole[file.path].nats_lost.keys() & {"score"}
        if file.largest_error is not None:  # from the SavedModel there, from the float32 file here
            assert file.largest_error == pytest.approx(whole[file.path].largest_error, abs=1e-4)


def test_it_needs_no_tensorflow(exported):
    code = (
        "import sys; sys.modules.update(tensorflow=None, keras=None, tensorflow_probability=None)\n"
        "from keras_vae.command_line.application import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, "verify", exported.path, "--fast"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("Error")) == (0, 0), done.stderr
    assert "every TFLite and ONNX file does what Keras did" in done.stdout
    assert "not checked: SavedModel, operators, nats, and what its README.md lists under Trust" in done.stdout


@pytest.mark.parametrize("name", ["onnx/encode.onnx", "onnx/decode.onnx", "onnx/generate.onnx", "onnx/score.onnx"])
def test_a_file_with_other_weights_is_named(bundle, name):
    change_weights(bundle, name)
    with pytest.raises(BundleError) as caught:
        verify_bundle(bundle, fast=True)
    assert caught.value.misses
    assert all(miss.startswith(f"{name}: ") for miss in caught.value.misses)


def test_hashes_come_first(bundle):
    (bundle / "tflite/vae.tflite").write_bytes(b"none")
    with pytest.raises(BundleError, match=r"tflite/vae\.tflite has 4 bytes"):
        verify_bundle(bundle, fast=True)


@pytest.mark.parametrize("purpose", ["web", "ios", "android-gpu", "microcontroller"])
def test_a_bundle_for_one_purpose(purpose, tmp_path):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]})
    bundle = export_bundle(model, tmp_path / "bundle", purposes=[purpose])
    if purpose != "microcontroller":
        assert len(verify_bundle(bundle, fast=True).files) >= 4
    else:  # in integers alone: nothing stands for Keras' own images, which is no fault of the bundle
        with pytest.raises(ValueError, match="whose files are of precision integer: expected a TFLite or ONNX") as told:
            verify_bundle(bundle, fast=True)
        assert not isinstance(told.value, BundleError)


def test_no_data_can_be_given(exported):
    with pytest.raises(ValueError, match="test_data is given with fast=True: expected None"):
        verify_bundle(exported.path, [exported.images], fast=True)
