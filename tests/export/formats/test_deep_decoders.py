"""What stays in float32 in the 8-bit files of a deep decoder."""

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export.contents.implied import LAYERS
from keras_vae.export.formats.deep_decoders import layers_of, sensitive, with_sensitive_kernels
from keras_vae.export.formats.tflite_int8 import Int8Decoders
from keras_vae.export.formats.tflite_model import is_kernel, read_model

WIDTH = 40


def saved(layers, path):
    """Dense layers one after another, each of which turns what it reads, beside another signature with the same."""
    rng = np.random.default_rng(0)
    module = tf.Module()
    module.kernels = [tf.Variable(np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0].astype("f4")) for _ in range(layers)]

    def decode(latent):
        for kernel in module.kernels:
            latent = latent + tf.tanh(latent @ kernel)
        return {"image": tf.sigmoid(latent)}

    spec = tf.TensorSpec([None, WIDTH], name="latent")
    module.decode = tf.function(decode, [spec])
    module.twice = tf.function(lambda latent: {"y": 2 * decode(latent)["image"]}, [spec])
    tf.saved_model.save(module, path, signatures={"decode": module.decode, "twice": module.twice})
    return path


def converted(path, *optimizations):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(path))
    converter.optimizations = list(optimizations)
    return converter.convert()


def decoded(content, name="decode"):
    latent = np.random.default_rng(1).normal(size=(1, WIDTH)).astype("float32")
    (output,) = Interpreter(model_content=content, num_threads=1).get_signature_runner(name)(latent=latent).values()
    return output


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    return saved(LAYERS + 4, tmp_path_factory.mktemp("deep"))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_dynamic_files_keep_the_kernels_of_the_first_quarter_in_float_in_every_signature(deep):
    in_float, quantised = converted(deep), converted(deep, tf.lite.Optimize.DEFAULT)
    kept = with_sensitive_kernels(quantised, lambda: in_float)
    model = read_model(kept)
    for graph in model.subgraphs:
        kernels = [graph.tensors[i] for o in graph.operators for i in o.inputs if is_kernel(model, graph.tensors[i])]
        types = [kernel.type for kernel in kernels]
        assert types == [schema.TensorType.FLOAT32] * 6 + [schema.TensorType.INT8] * (LAYERS - 2)
    for name in ("decode", "twice"):
        errors = [np.abs(decoded(each, name) - decoded(in_float, name)).max() for each in (kept, quantised)]
        assert 0 < errors[0] < errors[1]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_decoder_of_few_layers_is_left_as_it_is(tmp_path):
    quantised = converted(saved(LAYERS, tmp_path), tf.lite.Optimize.DEFAULT)
    assert with_sensitive_kernels(quantised, lambda: pytest.fail("it was converted again")) is quantised


def test_the_int8_decoder_keeps_its_first_layers_and_all_sums_in_float(deep, tmp_path):
    inputs = {"latent": np.random.default_rng(2).normal(size=(8, WIDTH)).astype("float32")}
    Int8Decoders(deep, inputs).write(tmp_path / "decoder.tflite")
    content = (tmp_path / "decoder.tflite").read_bytes()
    model = read_model(content)
    (graph,) = model.subgraphs
    layers = layers_of(model, graph)
    kinds = [graph.tensors[graph.operators[number].outputs[0]].type for number in layers]
    assert kinds == [schema.TensorType.FLOAT32] * 6 + [schema.TensorType.INT8] * (LAYERS - 2)
    assert len(sensitive(model, graph)) == layers[6]
    codes = [max(c.builtinCode, c.deprecatedBuiltinCode) for c in model.operatorCodes]
    added = [
        graph.tensors[o.outputs[0]].type for o in graph.operators if codes[o.opcodeIndex] == schema.BuiltinOperator.ADD
    ]
    assert {*added} == {schema.TensorType.FLOAT32}
    assert np.abs(decoded(content) - decoded(converted(deep))).mean() < 0.05
