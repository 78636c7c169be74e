"""A slimmed TFLite file is the same model, aligned as the format asks."""

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export.formats.tflite_model import ALIGNMENT, lost_constants, read_model, slim


@pytest.fixture(scope="module")
def content():
    weights = [tf.constant(np.random.default_rng(i).normal(size=(7, 7)), tf.float32) for i in range(3)]

    @tf.function(input_signature=[tf.TensorSpec([None, 7], tf.float32, "x")])
    def call(x):
        for weight in weights:
            x = tf.tanh(x @ weight)
        return {"y": x}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()], call)
    return converter.convert()


def test_it_computes_the_same_and_is_smaller(content):
    slimmed = slim(read_model(content))
    assert len(slimmed) < len(content) - 100
    x = np.random.default_rng(9).normal(size=(5, 7)).astype(np.float32)
    np.testing.assert_array_equal(run(slimmed, x), run(content, x))


def run(content, x):
    interpreter = Interpreter(model_content=content)
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_only_inner_tensors_lose_their_names(content):
    (graph,) = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(slim(read_model(content)), 0)).subgraphs
    outside = {*graph.inputs, *graph.outputs}
    assert len(outside) == 2
    for number, tensor in enumerate(graph.tensors):
        assert bool(tensor.name) == (number in outside)


def test_every_buffer_begins_where_a_device_can_read_it(content):
    slimmed = slim(read_model(content))
    model = schema.Model.GetRootAsModel(slimmed, 0)
    found = 0
    for number in range(model.BuffersLength()):
        data = model.Buffers(number).DataAsNumpy()
        if isinstance(data, np.ndarray) and data.size:
            start = (
                data.__array_interface__["data"][0] - np.frombuffer(slimmed, np.uint8).__array_interface__["data"][0]
            )
            assert start % ALIGNMENT == 0
            found += 1
    assert found >= 3


def test_constants_that_the_converter_leaves_out_are_found(content):
    assert lost_constants(read_model(content)) == []

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
    def call(x):
        return {"y": tf.math.lgamma(x)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()], call)
    assert any("gamma" in name.lower() for name in lost_constants(read_model(converter.convert())))
