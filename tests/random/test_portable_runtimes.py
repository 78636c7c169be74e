"""The portable generator in every runtime: the same bits, from operators that each has built in."""

import itertools

import numpy as np
import pytest

from keras_vae.random import portable

LATENT_DIM = 16
MIXTURE = [LATENT_DIM, 250]  # columns beyond the latents


def bits(array):
    """Compares -0.0 and 0.0 as the different floats they are."""
    return np.asarray(array, np.float32).view(np.int32)


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


@pytest.fixture(scope="module")
def signature(tf):
    return [
        tf.TensorSpec([None], tf.int32, name="index"),
        tf.TensorSpec([], tf.int32, name="seed"),
        tf.TensorSpec([], tf.float32, name="temperature"),
    ]


def draw(index, seed, temperature):
    left, right = portable.words(seed, index, MIXTURE)
    return {
        "latent": portable.latents(seed, index, LATENT_DIM, temperature),
        "left": left,
        "right": right,
    }


@pytest.fixture(scope="module")
def function(tf, signature):
    return tf.function(draw, input_signature=signature)


@pytest.fixture(scope="module")
def tflite(tf, function):
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], tf.Module())
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return converter.convert()


@pytest.fixture(scope="module")
def onnx_model(function, signature):
    import tf2onnx

    return tf2onnx.convert.from_function(function, signature, opset=18)[0]


@pytest.fixture(scope="module")
def runtimes(tf, function, tflite, onnx_model):
    """Each takes and gives NumPy arrays: (index, seed, temperature) to latent, left, right."""
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    # The signature runner keeps only a weak hold on the interpreter: hold it here.
    interpreter = Interpreter(model_content=tflite)
    runner = interpreter.get_signature_runner()
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString())
    names = ["latent", "left", "right"]

    def call(run):
        def runtime(index, seed, temperature=1.0):
            arguments = {
                "index": np.asarray(index, np.int32),
                "seed": np.array(seed, np.int32),
                "temperature": np.array(temperature, np.float32),
            }
            results = run(arguments)
            return [np.asarray(results[name]) for name in names]

        return runtime

    assert interpreter is not None
    return {
        "eager": call(lambda arguments: draw(**{k: tf.constant(v) for k, v in arguments.items()})),
        "tf.function": call(lambda arguments: function(**{k: tf.constant(v) for k, v in arguments.items()})),
        "litert": call(lambda arguments, keep=interpreter: runner(**arguments)),
        "onnxruntime": call(lambda arguments: dict(zip(names, session.run(names, arguments), strict=True))),
    }


RUNTIMES = pytest.mark.parametrize("name", ["eager", "tf.function", "litert", "onnxruntime"])


@RUNTIMES
def test_runtimes_agree_bit_for_bit(runtimes, name, edges):
    assert len(edges.seeds) * len(edges.index) >= 1000
    for seed, temperature in itertools.product(edges.seeds, (1.0, 0.7, 0.0)):
        latent, left, right = runtimes[name](edges.index, seed, temperature)
        assert latent.dtype == np.float32
        assert left.dtype == right.dtype == np.int32
        expected = portable.latents_numpy(seed, edges.index, LATENT_DIM, temperature)
        np.testing.assert_array_equal(bits(latent), bits(expected))
        np.testing.assert_array_equal([left, right], portable.words_numpy(seed, edges.index, MIXTURE))


@RUNTIMES
def test_an_image_does_not_depend_on_its_batch(runtimes, name):
    whole = runtimes[name](np.arange(65510, 65574), 7)[0]
    assert whole.shape == (64, LATENT_DIM)
    for n in (0, 25, 26, 63):
        np.testing.assert_array_equal(runtimes[name]([65510 + n], 7)[0], whole[n : n + 1])
        np.testing.assert_array_equal(portable.latents_numpy(7, [65510 + n], LATENT_DIM), whole[n : n + 1])


def test_wide_latents_agree(tf, edges):
    latent = portable.latents(tf.constant(-3), tf.constant(edges.index), 300, tf.constant(1.0))
    np.testing.assert_array_equal(latent, portable.latents_numpy(-3, edges.index, 300))


def test_tflite_has_builtin_operators_only(tflite):
    from ai_edge_litert import schema_py_generated as schema

    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    model = schema.ModelT.InitFromPackedBuf(tflite, 0)
    # Old files keep the code in a byte, newer ones in the wider field: the larger of the two is the code.
    codes = {names[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes}
    plain = {"ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "FLOOR_MOD", "LESS", "CAST", "GATHER"}
    assert codes <= plain | {"UNPACK", "STRIDED_SLICE", "RESHAPE", "EXPAND_DIMS"}
    assert "GATHER" in codes
    assert all(code.customCode is None for code in model.operatorCodes)
    table = [t for t in model.subgraphs[0].tensors if list(t.shape) == [portable.TABLE_SIZE]]
    assert [t.type for t in table] == [schema.TensorType.INT32]


def test_onnx_passes_its_checker(onnx_model):
    import onnx

    onnx.checker.check_model(onnx_model, full_check=True)
    assert {(entry.domain, entry.version) for entry in onnx_model.opset_import if not entry.domain} == {("", 18)}
    operators = {(node.domain, node.op_type) for node in onnx_model.graph.node}
    assert {domain for domain, _ in operators} == {""}
    assert not {name for _, name in operators if name.startswith("Random")}
