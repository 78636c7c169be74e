"""A file that could do more than compute is not loaded, whatever its hashes say."""

import json
import shutil

import onnx
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from tensorflow.core.protobuf import saved_model_pb2

from keras_vae.command_line.generate import generate
from keras_vae.export.contents.files import file_list
from keras_vae.export.formats.saved_model_operators import foreign_operators
from keras_vae.export.formats.tflite_model import model_content, read_model
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.export.verification.verify import BundleError, verify_bundle

REFUSAL = "expected operators that only compute, as keras-vae export writes them; ask whoever made the file before"


def saved(path, function, *specs):
    """A SavedModel of TensorFlow's own making, with one signature."""
    module = tf.Module()
    module.variable = tf.Variable(1.0)
    module.generate = tf.function(function, input_signature=specs)
    tf.saved_model.save(module, path, signatures={"generate": module.generate})
    return path


def reader(secret):
    return lambda index: {"image": tf.strings.length(tf.io.read_file(str(secret)))}


def writer(target):
    def write(index):
        tf.io.write_file(str(target), "owned")
        return {"image": index}

    return write


INDEX = tf.TensorSpec([None], tf.int32, "index")


def test_a_saved_model_that_reads_or_writes_files_is_not_run(tmp_path):
    (tmp_path / "secret").write_text("secret")
    for name, function in {"ReadFile": reader(tmp_path / "secret"), "WriteFile": writer(tmp_path / "owned")}.items():
        saved(tmp_path / name, function, INDEX)
        assert name in foreign_operators(tmp_path / name)
        with pytest.raises(ValueError, match=f"{name} uses .*{name}.*: {REFUSAL}"):
            load_runtime(tmp_path, name, {"runtime": "saved_model", "signatures": ["generate"], "batch": None})
    assert not (tmp_path / "owned").exists()


def save(index):
    tf.raw_ops.SaveV2(prefix="p", tensor_names=["t"], shape_and_slices=[""], tensors=[index])
    return {"image": index}


def restore(index):
    return {"image": tf.raw_ops.RestoreV2(prefix="p", tensor_names=["t"], shape_and_slices=[""], dtypes=[tf.int32])[0]}


def print_(index):
    tf.print(index, output_stream="file:///dev/null")
    return {"image": index}


FOREIGN = {
    "EagerPyFunc": lambda index: {"image": tf.py_function(lambda x: x, [index], tf.int32)},
    "PyFunc": lambda index: {"image": tf.numpy_function(lambda x: x, [index], tf.int32)},
    "MatchingFiles": lambda index: {"image": tf.size(tf.io.matching_files("/*"))},
    "PrintV2": print_,
    "SaveV2": save,
    "RestoreV2": restore,
    "DecodePng": lambda index: {"image": tf.io.decode_png(tf.constant("x"))},
    "RandomUniformInt": lambda index: {"image": tf.random.uniform([], 0, 9, tf.int32)},
}


@pytest.mark.parametrize("operator", FOREIGN)
def test_other_operators_that_do_more_than_compute_are_named(tmp_path, operator):
    assert operator in foreign_operators(saved(tmp_path / "model", FOREIGN[operator], INDEX))


def everything(x):
    """What layers are made of: branches, loops, lists, slices, linear algebra, sorting."""
    y = tf.nn.conv2d(tf.reshape(x, [-1, 4, 4, 1]), tf.ones([2, 2, 1, 1]), 1, "SAME")
    y = tf.nn.softmax(tf.einsum("nhwc,nhwc->nhw", y, tf.nn.gelu(y)))
    y = tf.cond(tf.reduce_sum(y) > 0, lambda: y + 1, lambda: tf.sort(y))
    rows = tf.TensorArray(tf.float32, 3)
    for i in tf.range(3):
        rows = rows.write(i, tf.reduce_mean(y) * tf.cast(i, tf.float32))
    return {"image": rows.stack() + tf.linalg.trace(tf.linalg.inv(tf.eye(3)))}


def test_what_computes_passes(tmp_path):
    assert foreign_operators(saved(tmp_path / "model", everything, tf.TensorSpec([None, 16], tf.float32, "x"))) == []


def test_every_file_that_is_exported_passes(exported):
    for path, artifact in exported.manifest["artifacts"].items():
        assert load_runtime(exported.path, path, artifact)


def in_saved_model(path, change):
    file = path / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(model)
    file.write_bytes(model.SerializeToString())


def test_saving_is_for_the_saver_alone(exports, tmp_path):
    """Functions that write a checkpoint may be there, and nothing may call them."""

    def call_the_saver(model):
        (meta,) = model.meta_graphs
        (name,) = (f.signature.name for f in meta.graph_def.library.function if "traced_save" in f.signature.name)
        node = meta.graph_def.library.function[0].node_def.add(op="StatefulPartitionedCall", name="more")
        node.attr["f"].func.name = name

    path = shutil.copytree(exports("dense").path / "saved_model", tmp_path / "saved_model")
    assert foreign_operators(path) == []
    in_saved_model(path, call_the_saver)
    assert {"SaveV2", "MergeV2Checkpoints"} <= set(foreign_operators(path))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.meta_graphs[0].graph_def.node.add(op="ReadFile", name="more"), "ReadFile"),
        (lambda m: m.meta_graphs[0].graph_def.node.add(op="NoSuchOperator", name="more"), "NoSuchOperator"),
        (lambda m: m.meta_graphs[0].ClearField("object_graph_def"), "a graph of TensorFlow 1"),
        (lambda m: m.meta_graphs.add(), "a graph of TensorFlow 1"),
    ],
)
def test_a_changed_saved_model_is_refused_by_name(exports, tmp_path, change, says):
    path = shutil.copytree(exports("dense").path / "saved_model", tmp_path / "saved_model")
    in_saved_model(path, change)
    assert says in foreign_operators(path)


def sign(bundle):
    """Make all hashes of a manifest fit, as a forger would."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**manifest, "files": file_list(bundle)}))


def test_verify_and_generate_run_nothing_of_a_stranger_s(exports, tmp_path):
    bundle = shutil.copytree(exports("dense").path, tmp_path / "bundle")
    shutil.rmtree(bundle / "saved_model")
    saved(bundle / "saved_model", writer(tmp_path / "owned"), INDEX)
    sign(bundle)
    with pytest.raises(BundleError, match=f"saved_model uses .*WriteFile.*: {REFUSAL}"):
        verify_bundle(bundle)
    arguments = [str(bundle), "--runtime", "saved_model", "--output", str(tmp_path / "grid.png")]
    with pytest.raises(ValueError, match=f"saved_model uses .*WriteFile.*: {REFUSAL}"):
        generate.main(arguments, standalone_mode=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]


def loaded(path, runtime):
    return load_runtime(path.parent, path.name, {"runtime": runtime, "signatures": ["decode"], "batch": None})


def test_operators_of_tflite_that_are_not_built_in_are_refused(exports, tmp_path):
    model = read_model((exports("dense").path / "tflite/vae.tflite").read_bytes())
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = "FlexReadFile"
    (tmp_path / "model.tflite").write_bytes(model_content(model))
    with pytest.raises(ValueError, match=f"model.tflite uses FlexReadFile: {REFUSAL}"):
        loaded(tmp_path / "model.tflite", "tflite")


def strange_domain(model):
    model.graph.node[0].domain = "com.microsoft"
    model.opset_import.add(domain="com.microsoft", version=1)


def weights_elsewhere(model):
    weight = model.graph.initializer[0]
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../../etc/passwd")


def inner_domain(model):
    body = onnx.helper.make_graph([onnx.helper.make_node("Anything", [], [], domain="strange")], "body", [], [])
    model.graph.node.append(onnx.helper.make_node("If", ["c"], [], then_branch=body, else_branch=body))


def function(model):
    model.functions.add(name="F", domain="strange")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (strange_domain, r"com\.microsoft\.\w+"),
        (weights_elsewhere, r"weights in '\.\./\.\./etc/passwd'"),
        (inner_domain, r"strange\.Anything"),
        (function, r"the function strange\.F"),
    ],
)
def test_what_is_not_onnx_s_own_is_refused(exports, tmp_path, change, says):
    model = onnx.load(exports("dense").path / "onnx/decode.onnx")
    change(model)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=f"model.onnx uses {says}: {REFUSAL}"):
        loaded(tmp_path / "model.onnx", "onnx")
