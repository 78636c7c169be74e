"""What is used of Keras, TensorFlow and TFDS without being public is still there, and still means the same.

When a test here fails after an upgrade, mend `keras_vae/private_interfaces.py`.
"""

import gc
import inspect
import re
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import keras_vae
from keras_vae import private_interfaces
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.export.formats.tflite_model import model_content, read_model, slim

PACKAGE = Path(keras_vae.__file__).parent
EXPORT = Path(keras_vae.export.__file__).parent


def model():
    return keras.Sequential([keras.Input((2,)), keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])])


def test_keras_keeps_the_strategy_that_a_model_was_made_in():
    assert private_interfaces.strategy_of(model()) is None
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        made = model()
    assert private_interfaces.strategy_of(made) is strategy


def test_keras_finds_layers_within_layers():
    made = model()
    found = list(private_interfaces.layers_of(made))
    assert made in found
    assert any(isinstance(layer, keras.layers.Dense) for layer in found)
    assert made not in list(private_interfaces.layers_of(made, include_self=False))


def test_keras_sums_gradients_in_the_method_that_is_replaced():
    assert list(inspect.signature(keras.optimizers.Optimizer._all_reduce_sum_gradients).parameters) == [
        "self",
        "grads_and_vars",
    ]
    calls = "self._all_reduce_sum_gradients("
    assert any(calls in inspect.getsource(each) for each in keras.optimizers.Optimizer.__mro__[:-1])
    optimizer = keras.optimizers.SGD()
    private_interfaces.take_summed_gradients(optimizer)
    assert optimizer._all_reduce_sum_gradients(zip([1], [2], strict=True)) == [(1, 2)]


def test_keras_muon_calls_the_methods_that_ours_replaces():
    source = inspect.getsource(keras.optimizers.Muon)
    for name in ("_should_use_adamw", "_muon_update_step"):
        theirs, ours = (
            inspect.signature(getattr(muon, name))
            for muon in (keras.optimizers.Muon, keras_vae.optimizers.ConvolutionalMuon)
        )
        assert list(theirs.parameters) == list(ours.parameters)
        assert f"self.{name}(" in source


def test_tensorflow_tells_whether_a_branch_may_hold_an_optimizer():
    assert private_interfaces.branches_within_replicas() is True
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        assert private_interfaces.branches_within_replicas() is False


def test_tensorflow_tells_what_its_operators_are():
    read = private_interfaces.operator_definition("ReadVariableOp")
    assert read.is_stateful
    assert [argument.type for argument in read.input_arg] == [tf.resource.as_datatype_enum]
    assert not private_interfaces.operator_definition("MatMul").is_stateful
    assert private_interfaces.operator_definition("NoSuchOperator") is None


def test_keras_builds_models_from_data_by_the_method_that_is_replaced():
    assert list(inspect.signature(keras.Model._maybe_symbolic_build).parameters) == ["self", "iterator", "data_batch"]
    assert "_maybe_symbolic_build" in inspect.getsource(keras.Model.fit)
    assert keras_vae.VAE._maybe_symbolic_build is private_interfaces._build_nothing


def test_tensorflow_keeps_a_graph_by_the_custom_gradients_that_are_forgotten():
    def graph():
        traced = tf.function(tf.nn.silu).get_concrete_function(tf.TensorSpec([2]))
        return weakref.ref(traced.graph), traced

    kept, _ = graph()
    with private_interfaces.custom_gradients_forgotten():
        forgotten, traced = graph()
    np.testing.assert_allclose(traced(tf.constant([0.0, 1.0])), [0, 0.731059], atol=1e-6)
    del _, traced
    gc.collect()
    assert kept() is not None
    assert forgotten() is None


@pytest.mark.parametrize("method", [keras.Model.fit, keras.Model.evaluate, keras.Model.predict])
def test_keras_goes_through_epochs_by_the_class_that_is_replaced(method):
    plain = inspect.unwrap(method)
    assert plain is not method  # filters tracebacks, as its copy does
    assert "TFEpochIterator(" in inspect.getsource(plain)
    assert plain.__closure__ is None
    assert plain.__kwdefaults__ is None
    counted = [
        step
        for step, _, _ in private_interfaces.TFEpochIterator(tf.distribute.get_strategy(), tf.range(9), batch_size=2)
    ]
    assert counted == [0, 1, 2, 3, 4]


def test_keras_counts_the_batches_that_it_gave():
    epochs = private_interfaces.ExactEpochs(
        tf.distribute.get_strategy(), tf.range(9), batch_size=2, steps_per_execution=3
    )
    found = [(first, last, [batch.numpy().tolist() for batch in execution]) for first, last, execution in epochs]
    assert found == [(0, 2, [[0, 1], [2, 3], [4, 5]]), (3, 4, [[6, 7], [8]])]


@pytest.mark.parametrize(("ours", "begun"), [(True, 3), (False, 6)])
def test_an_epoch_of_our_data_is_begun_once_and_others_as_often_as_keras_does(monkeypatch, ours, begun):
    count, begin = [], tf.data.Dataset.__iter__
    images = np.zeros([10, 2, 2, 1], "uint8")
    data = build_pipeline(ImageArrays(images), batch_size=4) if ours else tf.data.Dataset.range(10).batch(4)
    epochs = private_interfaces.ExactEpochs(tf.distribute.get_strategy(), data, steps_per_execution=2)
    monkeypatch.setattr(type(data), "__iter__", lambda self: count.append(self) or begin(self))
    for _ in range(3):
        assert [(first, last, len(list(batches))) for first, last, batches in epochs] == [(0, 1, 2), (2, 2, 1)]
    assert len(count) == begun


def test_tfds_shows_progress_by_the_switch_that_is_read():
    from tensorflow_datasets.core.utils import tqdm_utils

    before = tqdm_utils._active
    with private_interfaces.progress_bars_of_tfds(not before):
        assert tqdm_utils._active is not before
    assert tqdm_utils._active is before


def test_tfds_counts_tries_of_a_download_by_the_number_that_is_set():
    from tensorflow_datasets.core.download import downloader

    before = downloader.MAX_RETRIES
    with private_interfaces.retries_of_tfds(2):
        assert downloader.MAX_RETRIES == 2
        assert "MAX_RETRIES" in inspect.getsource(downloader)
    assert before == downloader.MAX_RETRIES


def test_tensorflow_raises_what_a_converter_is_caught_by():
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [tf.function(lambda x: tf.strings.as_string(x), input_signature=[tf.TensorSpec([])]).get_concrete_function()]
    )
    with pytest.raises(private_interfaces.converter_error()):
        converter.convert()


def test_tensorflow_converts_a_saved_model_to_the_same_without_loading_it(tmp_path):
    module = tf.Module()
    module.weight = tf.Variable(tf.random.stateless_normal([64, 64], (0, 1)))
    module.double = tf.function(lambda x: {"y": tf.nn.silu(x @ module.weight)}, [tf.TensorSpec([None, 64], name="x")])
    module.other = tf.function(lambda x: {"y": x + 1}, [tf.TensorSpec([None, 64], name="x")])
    tf.saved_model.save(module, tmp_path, signatures={"double": module.double, "other": module.other})
    theirs = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path), signature_keys=["double"])

    def converted(converter):
        return slim(read_model(converter.convert()))

    ours = private_interfaces.tflite_converter(tmp_path, ["double"])
    theirs.exclude_conversion_metadata = True
    for converter in (ours, theirs):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    assert converted(ours) == converted(theirs)
    assert b"double" in converted(ours)
    assert b"other" not in converted(ours)


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")
def test_tensorflow_quantises_a_model_whose_ranges_were_changed():
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [tf.function(lambda x: tf.sigmoid(x), input_signature=[tf.TensorSpec([1, 4])]).get_concrete_function()]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.full([1, 4], value, np.float32)] for value in (-1, 3))
    calibrated = read_model(private_interfaces.calibrate(converter))
    given = calibrated.subgraphs[0].tensors[calibrated.subgraphs[0].inputs[0]].quantization
    assert (given.min, given.max) == ([-1], [3])
    given.max = [9.0]
    content = private_interfaces.quantise(model_content(calibrated), integer_interface=True)
    (detail,) = Interpreter(model_content=content).get_input_details()
    assert detail["dtype"] is np.int8
    assert detail["quantization"][0] == pytest.approx(10 / 255)
    in_float = private_interfaces.quantise(model_content(calibrated))
    assert Interpreter(model_content=in_float).get_input_details()[0]["dtype"] is np.float32


@pytest.mark.parametrize(
    "path", sorted({*PACKAGE.rglob("*.py"), *EXPORT.rglob("*.py")}), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_nothing_private_is_used_elsewhere(path):
    if path.name == "private_interfaces.py":
        return
    private = (
        r"keras\.src|tf\.__internal__|tensorflow\.python|\b(?:model|layer|optimizer|strategy|keras|tf|tfds)\._[a-z]"
    )
    assert not re.findall(private, path.read_text("utf-8"))
