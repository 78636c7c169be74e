"""Ranges end where what reads them saturates, and nowhere else."""

import math

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export.formats.saturation import saturate
from keras_vae.export.formats.tflite_int8 import Int8Decoders
from keras_vae.export.formats.tflite_model import model_content, operator_code, read_model

SIGMOID_ENDS, TANH_ENDS = 24 * math.log(2), 12.5 * math.log(2)


def converted(function):
    concrete = tf.function(function, [tf.TensorSpec([1, 8])]).get_concrete_function()
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete], function).convert()


def range_read_by(function, name, lowest, highest):
    """The range, saturated, of what the first operator of a name reads, if all ranges are from lowest to highest."""
    model = read_model(converted(function))
    for tensor in model.subgraphs[0].tensors:
        tensor.quantization.min, tensor.quantization.max = [lowest], [highest]
    changed = read_model(saturate(model_content(model)))
    code = getattr(schema.BuiltinOperator, name)
    graph = changed.subgraphs[0]
    read = next(operator.inputs[0] for operator in graph.operators if operator_code(changed, operator) == code)
    ranges = {
        number: (float(tensor.quantization.min[0]), float(tensor.quantization.max[0]))
        for number, tensor in enumerate(graph.tensors)
    }
    untouched = {number: each for number, each in ranges.items() if number != read}
    assert set(untouched.values()) == {(lowest, highest)}
    return ranges[read]


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (-250, 10, (-SIGMOID_ENDS, 10)),
        (-8, 200, (-8, SIGMOID_ENDS)),
        (-2, 3, (-2, 3)),
        (-90, -80, (-SIGMOID_ENDS, -SIGMOID_ENDS)),
    ],
)
def test_of_a_sigmoid_both_ends(lowest, highest, expected):
    assert range_read_by(lambda x: tf.sigmoid(x + 1.0), "LOGISTIC", lowest, highest) == pytest.approx(expected)


def test_of_a_tanh_both_ends():
    assert range_read_by(lambda x: tf.tanh(x + 1.0), "TANH", -90, 90) == pytest.approx((-TANH_ENDS, TANH_ENDS))


def test_of_a_swish_the_lower_end():
    swish = lambda x: tf.sigmoid(x + 1.0) * (x + 1.0)  # noqa: E731
    assert range_read_by(swish, "LOGISTIC", -90, 90) == pytest.approx((-SIGMOID_ENDS, 90))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: tf.sigmoid(x + 1.0) + (x + 1.0), "LOGISTIC"),
        (lambda x: tf.sigmoid(x + 1.0) * (x + 1.0) - (x + 1.0), "LOGISTIC"),
        (lambda x: tf.tanh(x + 1.0) * (x + 1.0), "TANH"),
    ],
    ids=["a sum", "a swish and a difference", "a gate that passes what is below zero"],
)
def test_what_others_read_keeps_its_range(function, name):
    assert range_read_by(function, name, -90, 90) == (-90, 90)


def test_the_ends_are_where_float32_ends():
    for function, end in ((tf.sigmoid, SIGMOID_ENDS), (tf.tanh, TANH_ENDS)):
        at, beyond = function(tf.constant([end, 4 * end], tf.float32)).numpy()
        assert beyond - at <= 2**-23
    assert abs(float(tf.nn.silu(-SIGMOID_ENDS))) < 2e-6


def test_a_decoder_sure_of_its_black_pixels_keeps_its_grays(tmp_path):
    """Logits from -250 to 10: in 256 even steps an error of a pixel would be a tenth."""
    rng = np.random.default_rng(0)
    latents = rng.uniform(-1, 1, [256, 8]).astype(np.float32)
    weights = np.float32(rng.normal(0, 1, [8, 32]))
    weights[:, :8] *= 10
    offsets = np.where(np.arange(32) < 8, -200, 0).astype(np.float32)

    class Decoder(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 8], name="latent")])
        def decode(self, latent):
            return {"image": tf.sigmoid(latent @ tf.constant(weights) + offsets)}

    decoder = Decoder()
    tf.saved_model.save(decoder, str(tmp_path / "saved"), {"decode": decoder.decode})
    Int8Decoders(tmp_path / "saved", {"latent": latents}).write(tmp_path / "decoder.tflite")
    runner = Interpreter(str(tmp_path / "decoder.tflite")).get_signature_runner("decode")
    images = np.concatenate([runner(latent=latent[None])["image"] for latent in latents])
    assert (latents @ weights + offsets).min() < -220
    np.testing.assert_allclose(images, decoder.decode(latents)["image"], atol=0.04)
