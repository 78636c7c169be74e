"""Ranges are cut as long as the loss falls, a layer's stretch at a time, and never where it rises."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.export.formats.range_search import cut_ranges
from keras_vae.export.formats.tflite_model import model_content, read_model


@pytest.fixture(scope="module")
def calibrated():
    """Two dense layers, each followed by a swish, with the ranges -1 to 100."""
    rng = np.random.default_rng(0)
    first, second = (tf.constant(rng.normal(size=(4, 4)), tf.float32) for _ in range(2))

    def function(x):
        hidden = tf.nn.silu(tf.linalg.matmul(x, first))
        return tf.nn.silu(tf.linalg.matmul(hidden, second))

    concrete = tf.function(function, [tf.TensorSpec([1, 4])]).get_concrete_function()
    model = read_model(tf.lite.TFLiteConverter.from_concrete_functions([concrete], function).convert())
    for tensor in model.subgraphs[0].tensors:
        tensor.quantization.min, tensor.quantization.max = [-1.0], [100.0]
    return model_content(model)


def ends(content):
    """The upper ends of all that operators give, in their order."""
    graph = read_model(content).subgraphs[0]
    return [round(float(graph.tensors[o.outputs[0]].quantization.max[0]), 3) for o in graph.operators]


def test_each_stretch_ends_where_the_loss_is_least(calibrated):
    # The first stretch, three operators, is best at 50, the second at 25.
    loss = lambda content: abs(ends(content)[0] - 50) + abs(ends(content)[3] - 25)  # noqa: E731
    assert ends(cut_ranges(calibrated, loss)) == [50.0] * 3 + [25.0] * 3


def test_ranges_stay_where_every_cut_costs(calibrated):
    assert cut_ranges(calibrated, lambda content: 1000 - sum(ends(content))) == calibrated


def test_nothing_is_tried_where_nothing_is_lost(calibrated):
    tried = []
    cut_ranges(calibrated, lambda content: tried.append(content) or 0.001)
    assert len(tried) == 1
