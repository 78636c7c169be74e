"""Noise is a function of its arguments alone, and standard normal."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from keras_vae.random.noise import EVALUATION, TRAINING, VALIDATION, _to_normal, normal

SHAPE = [2, 3, 4]


def test_same_arguments_give_the_same_noise_whatever_ran_before():
    first = normal(3, TRAINING, 5, SHAPE).numpy()
    tf.random.set_seed(99)
    tf.random.normal([7])
    np.testing.assert_array_equal(normal(3, TRAINING, 5, SHAPE).numpy(), first)
    assert first.shape == (2, 3, 4)
    assert first.dtype == np.float32


@pytest.mark.parametrize(
    "arguments",
    [(4, TRAINING, 5, 0), (3, VALIDATION, 5, 0), (3, EVALUATION, 5, 0), (3, TRAINING, 6, 0), (3, TRAINING, 5, 1)],
    ids=["seed", "validation", "evaluation", "step", "part"],
)
def test_every_argument_gives_other_noise(arguments):
    seed, stream, step, part = arguments
    base = normal(3, TRAINING, 5, [1000]).numpy()
    other = normal(seed, stream, step, [1000], part).numpy()
    assert abs(np.corrcoef(base, other)[0, 1]) < 0.15
    assert not np.any(base == other)


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
@pytest.mark.parametrize("seed", [0, 5, -3, -(2**31), 2**31 - 1])
def test_its_bits_are_those_of_tensorflow(seed, dtype):
    """They were drawn by these functions once, and checkpoints go on from them."""
    fold_in = functools.partial(tf.random.experimental.stateless_fold_in, alg="philox")
    step = tf.constant(12_345, dtype)
    key = fold_in(fold_in([seed, TRAINING], step), 2)
    bits = tf.random.stateless_uniform(SHAPE, key, minval=None, maxval=None, dtype=tf.int32, alg="philox")
    np.testing.assert_array_equal(normal(seed, TRAINING, step, SHAPE, 2), _to_normal(bits))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_compiled_function_with_a_tensor_step(jit_compile):
    drawn = tf.function(lambda step, n: normal(3, TRAINING, step, [2, n, 4]), jit_compile=jit_compile)(
        tf.constant(5), tf.constant(3)
    )
    np.testing.assert_allclose(drawn.numpy(), normal(3, TRAINING, 5, SHAPE).numpy(), rtol=1e-5, atol=1e-6)


def test_is_standard_normal_over_steps_and_seeds():
    draws = np.concatenate([normal(seed, TRAINING, step, [50]).numpy() for seed in range(-5, 5) for step in range(20)])
    assert stats.kstest(draws, "norm").pvalue > 1e-3


def test_neighbouring_steps_are_uncorrelated():
    draws = np.stack([normal(0, TRAINING, step, [2000]).numpy() for step in range(6)])
    correlations = np.corrcoef(draws)[np.triu_indices(6, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(2000)


def test_the_extreme_bits_are_finite_and_mirror_each_other():
    extremes = tf.constant([2**31 - 1, -(2**31), 0, -1])
    for run in (_to_normal, tf.function(_to_normal, jit_compile=True)):
        top, bottom, least, negative = run(extremes).numpy()
        assert 5.2 < top < 5.6
        assert top == -bottom
        assert 0 < least < 1e-6
        assert least == -negative


@given(
    seed=st.integers(-(2**31), 2**31 - 1),
    step=st.integers(0, 10**6),
    samples=st.integers(1, 3),
    counts=st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(sum),
    width=st.integers(1, 7),
)
@settings(max_examples=40, deadline=None)
def test_rows_are_those_of_the_whole_draw(seed, step, samples, counts, width):
    whole = normal(seed, TRAINING, step, [samples, sum(counts), width]).numpy()
    total = tf.constant(sum(counts), tf.int64)
    firsts = np.cumsum([0, *counts[:-1]])
    parts = [
        normal(seed, TRAINING, step, [samples, count, width], rows=(tf.constant(first, tf.int64), total)).numpy()
        for first, count in zip(firsts, counts, strict=True)
    ]
    # the bits are the same; TensorFlow's erfinv rounds otherwise at another place in a vector
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_rows_are_the_same_in_a_compiled_function(seed):
    # tf.raw_ops.StatelessRandomGetKeyCounter starts elsewhere under XLA for about half of all (seed, step)
    rows = (tf.constant(7, tf.int64), tf.constant(13, tf.int64))
    compiled = tf.function(
        lambda step, n: normal(seed, TRAINING, step, [2, n, 3], rows=rows), jit_compile=True, reduce_retracing=True
    )
    for step in (0, 5):
        whole = normal(seed, TRAINING, step, [2, 13, 3]).numpy()
        drawn = compiled(tf.constant(step), tf.constant(6)).numpy()
        np.testing.assert_allclose(drawn, whole[:, 7:], rtol=1e-5, atol=1e-6)
