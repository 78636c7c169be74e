"""Rounded weights give the sums of the inputs seen better than plainly rounded ones, on the same steps."""

import numpy as np

from keras_vae.export.formats.compensated_rounding import STEPS, Moments, round_weights


def layer(seed=0, inputs=40, outputs=30):
    """A layer whose inputs hang together, some nearly constant with large weights, as behind saturated units."""
    rng = np.random.default_rng(seed)
    rows = np.tanh(rng.normal(size=(400, 6)) @ rng.normal(size=(6, inputs)) * 2)
    weights = rng.normal(size=(inputs, outputs))
    rows[:, :5] = 0.99 + 0.01 * rows[:, :5]
    weights[:5] *= 20
    return rows, weights


def plainly(weights):
    steps = np.abs(weights).max(0) / STEPS
    return np.round(weights / steps) * steps


def test_weights_keep_to_the_steps_of_8_bits_and_their_largest_in_place():
    rows, weights = layer()
    rounded, _ = round_weights(weights, Moments.of(rows))
    steps = np.abs(weights).max(0) / STEPS
    np.testing.assert_allclose(rounded / steps, np.round(rounded / steps), atol=1e-4)
    np.testing.assert_allclose(np.abs(rounded).max(0), np.abs(weights).max(0), rtol=1e-6)
    np.testing.assert_allclose(plainly(rounded), rounded, atol=1e-5)  # who quantises them changes nothing


def test_sums_are_nearer_than_those_of_plain_rounding_on_inputs_not_seen():
    rows, weights = layer()
    seen, others = rows[:200], rows[200:]
    rounded, bias = round_weights(weights, Moments.of(seen))
    error = np.sqrt(np.mean((others @ rounded + bias - others @ weights) ** 2))
    plain = np.sqrt(np.mean((others @ plainly(weights) - others @ weights) ** 2))
    assert error < 0.7 * plain


def test_the_bias_takes_the_mean_of_the_error():
    rows, weights = layer()
    rounded, bias = round_weights(weights, Moments.of(rows))
    np.testing.assert_allclose((rows @ rounded + bias).mean(0), (rows @ weights).mean(0), atol=1e-4)


def test_inputs_that_never_change_and_weights_of_nothing_do_no_harm():
    rows = np.ones((10, 4))
    weights = np.zeros((4, 3))
    weights[:, 0] = [1, 0.333, -0.2, 0]
    rounded, bias = round_weights(weights, Moments.of(rows))
    np.testing.assert_allclose(rows @ rounded + bias, rows @ weights, atol=1e-6)
    assert not rounded[:, 1:].any()
