"""What export_bundle writes, and what it refuses."""

import gc
import hashlib
import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from PIL import Image

from keras_vae.export import bundle, export_bundle, verify_bundle
from keras_vae.export.contents.implied import AUTHORS_WORD, NATS_TOLERANCES
from keras_vae.export.contents.purposes import INTEGER_DECODER, USUAL
from keras_vae.export.contents.test_images import read_test_images
from keras_vae.export.formats import tflite
from keras_vae.export.formats.artifact import Inexpressible, count_operators
from keras_vae.export.formats.onnx import write_onnx
from keras_vae.export.formats.signatures import signatures
from keras_vae.export.formats.tflite import operators_of
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.random.portable import latents_numpy, specification


def test_the_manifest_has_every_file_with_its_size_and_hash(exported):
    listed = exported.manifest["files"]
    found = {p.relative_to(exported.path).as_posix(): p for p in exported.path.rglob("*") if p.is_file()}
    assert listed.keys() == found.keys() - {"manifest.json"}
    for name, entry in listed.items():
        content = found[name].read_bytes()
        assert entry == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert list(exported.path.parent.glob(".*")) == []


def test_an_export_leaves_no_graph_behind(exports, tmp_path):
    def graphs():
        gc.collect()
        return sum(issubclass(type(each), tf.Graph) for each in gc.get_objects())

    model = exports("dense").model  # with swish, which has a gradient of its own
    export_bundle(model, tmp_path / "first")  # TensorFlow keeps a few of its own from then on
    before = graphs()
    export_bundle(model, tmp_path / "again")
    assert graphs() == before


def test_the_manifest_says_what_the_files_are(exported):
    manifest, model = exported.manifest, exported.model
    height, width, channels = model.image_shape
    assert manifest["artifacts"].keys() == {*USUAL}
    assert manifest["not_written"] == {}
    assert manifest["generator"] == specification(model.latent_dim)
    assert manifest["model"]["image_shape"] == [height, width, channels]
    assert manifest["model"]["parameters"]["decoder"] == model.decoder.count_params()
    assert manifest["signatures"]["generate"] == {
        "inputs": {
            "index": {"shape": ["n"], "dtype": "int32"},
            "seed": {"shape": [], "dtype": "int32"},
            "temperature": {"shape": [], "dtype": "float32"},
        },
        "outputs": {
            "image": {"shape": ["n", height, width, channels], "dtype": "float32"},
            "latent": {"shape": ["n", model.latent_dim], "dtype": "float32"},
        },
    }
    assert [p for p, artifact in manifest["artifacts"].items() if artifact["batch"] == 1] == [INTEGER_DECODER]


def test_tflite_files_use_built_in_operators_that_leave_the_decoder_whole(exported):
    for path, artifact in exported.manifest["artifacts"].items():
        if artifact["runtime"] == "tflite":
            assert count_operators(exported.path / path, "tflite") == artifact["operators"]
            assert "CUSTOM" not in artifact["operators"]
    # A decoder that asks for its batch size is not delegated whole.
    integer = exported.manifest["artifacts"]["tflite/decoder.int8.tflite"]["operators"]
    assert not {"SHAPE", "STRIDED_SLICE", "BROADCAST_TO"} & integer.keys()
    assert "QUANTIZE" in integer


def test_onnx_files_pass_the_checker_and_name_their_batch(exported):
    for path in sorted((exported.path / "onnx").iterdir()):
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        assert len(model.graph.value_info) == 0
        tensors = [*model.graph.input, *model.graph.output]
        names = {side.dim_param for tensor in tensors for side in tensor.type.tensor_type.shape.dim}
        assert names <= {"n", ""}
        assert "n" in names
    assert "MatMulInteger" in exported.manifest["artifacts"]["onnx/decode.int8.onnx"]["operators"]


def test_samples_are_the_images_of_seed_7(exported):
    with Image.open(exported.path / "samples.png") as picture:
        pixels = np.asarray(picture)
    first = exported.model.generate(1, seed=7)[0, 0, 0, 0]
    assert pixels[4, 4] == round(255 * float(first))


def test_a_target_that_holds_something_is_refused(small_model, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    with pytest.raises(ValueError, match="is not empty: expected a new or empty folder"):
        export_bundle(small_model, tmp_path)
    with pytest.raises(ValueError, match="is a file: expected a folder"):
        export_bundle(small_model, kept)
    assert kept.read_text() == "mine"


def test_a_file_that_costs_too_much_is_left_out_by_name(small_model, tmp_path, monkeypatch):
    monkeypatch.setitem(NATS_TOLERANCES, "int8", -1.0)  # no decoder gains a nat
    with pytest.warns(UserWarning, match="is not in the bundle: decode loses") as caught:
        bundle = export_bundle(small_model, tmp_path / "bundle")
    assert {str(w.message).split()[0] for w in caught} == {"tflite/decoder.int8.tflite", "onnx/decode.int8.onnx"}
    assert not (bundle / "tflite/decoder.int8.tflite").exists()
    assert verify_bundle(bundle)


def test_images_come_from_the_test_data_or_the_model(small_model, tmp_path):
    mine = np.linspace(0, 1, 5 * 64, dtype=np.float32).reshape(5, 8, 8, 1)
    given = export_bundle(small_model, tmp_path / "given", test_data=[mine])
    np.testing.assert_array_equal(read_test_images(given, (8, 8, 1))[0], mine)
    own = export_bundle(small_model, tmp_path / "own", [mine])
    assert read_test_images(own, (8, 8, 1))[0].shape == (256, 8, 8, 1)
    sources = [json.loads((b / "manifest.json").read_text())["test_images"]["source"] for b in (given, own)]
    assert sources == ["test data", "the model"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, OSError])
def test_an_interrupted_export_leaves_nothing(small_model, tmp_path, monkeypatch, failure):
    def fail(*_):
        raise failure("the plug was pulled")

    monkeypatch.setattr(tflite.TFLiteFiles, "write", fail)
    with pytest.raises(failure, match="the plug was pulled"):
        export_bundle(small_model, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_models_that_cannot_be_exported_are_named(small_model, tmp_path):
    with pytest.raises(ValueError, match=r"model is a Sequential: expected a keras_vae\.VAE"):
        export_bundle(keras.Sequential(), tmp_path / "bundle")
    plain = Autoencoder(
        keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2)]), small_model.decoder
    )
    with pytest.raises(ValueError, match="model is a Autoencoder"):
        export_bundle(plain, tmp_path / "bundle")
    weight = small_model.decoder.weights[0]
    weight.assign(weight * np.nan)
    with pytest.raises(ValueError, match=f"weights are NaN or infinite, the first {weight.path}: expected finite"):
        export_bundle(small_model, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


class Asinh(keras.layers.Layer):
    """Which ONNX has and TFLite has not."""

    def call(self, x):
        return tf.math.asinh(x)


class Erfinv(keras.layers.Layer):
    """Which neither has."""

    def call(self, x):
        return tf.math.erfinv(tf.tanh(x))


def model_with(layer):
    encoder = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(4)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(48), layer, keras.layers.Reshape((4, 4, 3))])
    return VAE(encoder, decoder)


def test_a_format_that_lacks_an_operator_is_left_out_by_name(tmp_path):
    with pytest.warns(UserWarning, match="TFLite has no built-in operator for tf.Asinh") as caught:
        bundle = export_bundle(model_with(Asinh()), tmp_path / "bundle")
    assert len([w for w in caught if "is not in the bundle" in str(w.message)]) == 5
    assert not (bundle / "tflite").exists()
    assert {"saved_model", "onnx", "manifest.json"} < {path.name for path in bundle.iterdir()}
    assert verify_bundle(bundle)
    card = (bundle / "README.md").read_text()
    assert "| tflite/vae.tflite | not written |" in card
    assert "Interpreter(" not in card


def test_the_card_says_what_can_be_trusted_and_what_is_known_of_other_runtimes(exported):
    card = (exported.path / "README.md").read_text()
    assert "detect damage, but not an attacker" in card
    assert "keras-vae verify BUNDLE --sha256 DIGEST" in card
    assert AUTHORS_WORD in card
    assert "OpenVINO" in card
    assert "{{" not in card


def test_onnx_refuses_what_it_cannot_express(tmp_path):
    functions = signatures(model_with(Erfinv()))
    with pytest.raises(Inexpressible, match=r"ONNX cannot express decode .*Erfinv"):
        write_onnx("decode", functions["decode"], tmp_path / "decode.onnx")
    assert list(tmp_path.iterdir()) == []


def test_onnx_has_the_exact_gelu(tmp_path):
    model = model_with(keras.layers.Activation("gelu"))
    write_onnx("decode", signatures(model)["decode"], tmp_path / "decode.onnx")
    latent = 3 * latents_numpy(1, range(9), 2)
    (image,) = onnxruntime.InferenceSession(tmp_path / "decode.onnx").run(None, {"latent": latent})
    np.testing.assert_allclose(image, model.decode(latent).mean(), atol=1e-5)


def test_tensorflow_s_own_operators_are_refused():
    function = tf.function(
        lambda seed: tf.random.stateless_normal([3], seed), input_signature=[tf.TensorSpec([2], tf.int32)]
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    with pytest.raises(Inexpressible, match="no built-in operator for Flex"):
        operators_of(converter.convert())


def test_importing_the_room_loads_no_tensorflow():
    code = "import sys, keras_vae.export; print({'tensorflow', 'keras', 'onnx'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "error",
    [
        shutil.Error([("web/page.js", "there/page.js", f"[Errno 28] {os.strerror(28)}: 'web/page.js'")] * 50),
        OSError(28, os.strerror(28)),
        tf.errors.UnknownError(None, None, f"saved_model.pb; {os.strerror(28)}"),
    ],
)
def test_a_full_disk_is_a_line_and_leaves_what_was_there(make_vae, tmp_path, monkeypatch, error):
    def fill(graphs, calibration, folder, paths):
        (folder / "half").write_text("")
        raise error

    monkeypatch.setattr(bundle, "write_all", fill)
    path = tmp_path / "bundle"
    path.mkdir()
    with pytest.raises(OSError) as raised:
        export_bundle(make_vae(), path)
    assert str(raised.value) == f"could not write {path}: the disk is full; make room or choose another folder"
    assert list(tmp_path.rglob("*")) == [path]


def test_what_killed_exports_left_goes_with_the_next(make_vae, tmp_path, monkeypatch):
    leftovers, others = (
        (".b.123.unfinished", ".b.45678.unfinished"),
        (".b.c.1.unfinished", ".b.unfinished", "b.1.unfinished"),
    )
    for name in (*leftovers, *others):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").write_text("half")

    def fail(*arguments):
        raise OSError("enough")

    monkeypatch.setattr(bundle, "write_all", fail)
    with pytest.raises(OSError, match="could not write"):
        export_bundle(make_vae(), tmp_path / "b")
    assert {path.name for path in tmp_path.iterdir()} == set(others)


def test_a_decoder_without_hidden_layers_and_a_path_with_brackets(tmp_path):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": []})
    path = export_bundle(model, tmp_path / "b[1]" / "bundle*")
    assert json.loads((path / "manifest.json").read_text())["artifacts"].keys() >= {
        "tflite/vae.tflite",
        "onnx/score.onnx",
    }
    verify_bundle(path)


@pytest.mark.parametrize("metrics", [5, [1], {"elbo": float("nan")}, {"elbo": object()}])
def test_metrics_that_no_manifest_can_hold_are_refused_at_the_start(small_model, tmp_path, metrics):
    with pytest.raises(ValueError, match=r"^metrics is .*: expected a dict of names and finite numbers"):
        export_bundle(small_model, tmp_path / "bundle", metrics=metrics)
    assert list(tmp_path.iterdir()) == []
