"""The portable generator's formula: from its specification alone, without overflow, and its arguments' range."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from keras_vae.random import portable


def bits(array):
    """Compares -0.0 and 0.0 as the different floats they are."""
    return np.asarray(array, np.float32).view(np.int32)


def recompute(specification, seed, i, j, temperature=1.0):
    """The latent from the manifest's section alone, in Python's unbounded integers."""

    def mix(t):
        p = t * (t // 2)
        return p // 256 + p % 65536 + 3 * t

    low, high = seed % 65536, seed // 65536 % 65536
    left, right = i % 65536, (i // 65536 * specification["stride"] + j) % 65536
    for a, b, c in zip(specification["a"], specification["b"], specification["c"], strict=True):
        key = mix((low * a + high * b + c) % 65536) % 65536
        left, right = right, (left + mix((right + key) % 65536)) % 65536
    total = specification["table"][left // 16] + specification["table"][right // 16]
    return np.float32(total * specification["scale"]) * np.float32(temperature)


# The formula


def test_the_table_holds_normal_quantiles():
    quantiles = stats.norm.ppf((np.arange(4096) + 0.5) / 4096)
    exact = quantiles / quantiles.std() / np.sqrt(2) * 2**14
    assert portable.TABLE.dtype == np.int32
    assert portable.TABLE.shape == (portable.TABLE_SIZE,)
    np.testing.assert_array_equal(portable.TABLE, np.round(exact))
    # No quantile is so near to a half that another machine's logarithm could round it the other way.
    assert np.abs(exact % 1 - 0.5).min() > 1e-6
    np.testing.assert_array_equal(portable.TABLE, -portable.TABLE[::-1])
    with pytest.raises(ValueError, match="read-only"):
        portable.TABLE[0] = 0


def test_how_near_latents_are_to_a_normal():
    """Over all pairs of entries, which are equally likely: the figures that the module's docstring states."""
    latents = np.sort(np.add.outer(portable.TABLE, portable.TABLE).ravel() * portable.SCALE)
    assert latents.mean() == pytest.approx(0, abs=1e-6)
    assert latents.var() == pytest.approx(1, abs=1e-6)
    assert np.mean(latents == 0) == 1 / 4096
    below = np.arange(len(latents) + 1) / len(latents)
    normal = stats.norm.cdf(latents)
    assert max(np.abs(normal - below[1:]).max(), np.abs(normal - below[:-1]).max()) < 1.3e-4
    for tail, share in ((3, 0.99), (3.5, 0.96), (4, 0.87), (5, 0.21)):
        assert np.mean(np.abs(latents) > tail) / (2 * stats.norm.sf(tail)) == pytest.approx(share, abs=0.005)
    assert latents.max() == pytest.approx(5.19, abs=0.005)


@settings(deadline=None)
@given(
    seed=st.integers(-(2**31), 2**31 - 1),
    i=st.integers(0, 2**31 - 1),
    latent_dim=st.sampled_from([1, 2, 16, 250, 251, 300]),
    temperature=st.floats(0, 8, width=32),
)
def test_the_specification_alone_recomputes_the_latents(seed, i, latent_dim, temperature):
    specification = json.loads(json.dumps(portable.specification(latent_dim)))
    drawn = portable.latents_numpy(seed, [i], latent_dim, temperature)
    expected = [recompute(specification, seed, i, j, temperature) for j in range(latent_dim)]
    np.testing.assert_array_equal(bits(drawn), bits([expected]))


def test_the_specification_alone_recomputes_the_latents_at_the_edges(edges):
    specification = json.loads(json.dumps(portable.specification(16)))
    assert set(specification) == {"name", "rounds", "stride", "a", "b", "c", "table", "scale"}
    assert specification["rounds"] == len(specification["a"]) == 8
    for seed in edges.seeds:
        expected = [[recompute(specification, seed, i, j) for j in range(16)] for i in edges.index.tolist()]
        np.testing.assert_array_equal(portable.latents_numpy(seed, edges.index, 16), expected)


class Watched(np.ndarray):
    """int64 that refuses every operation whose result an int32 could not hold, or that is negative."""

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        plain = [np.asarray(x).astype(np.int64) for x in inputs]
        result = getattr(ufunc, method)(*plain, **keywords)
        if not (result.min() >= 0 and result.max() < 2**31):
            raise OverflowError(f"{ufunc.__name__} gave {result.min()} to {result.max()}")
        return result.view(Watched)


def watched(values):
    return np.asarray(values, np.int64).view(Watched)


HALVES = [0, 1, 2, 32767, 32768, 65534, 65535]


def test_nothing_overflows_an_int32():
    assert portable._mix(watched(np.arange(65536))).max() < 2**24
    index, column = watched([0, 65535, 65536, 2**31 - 65536, 2**31 - 1]), watched([0, 1, 250, 65519, 65520])
    for low, high in itertools.product(HALVES, HALVES):
        keys = portable._keys(watched([low]), watched([high]))
        wide = portable._encrypt(keys, index[:, None], column[None, :], 65521)
        narrow = portable._encrypt(
            np.asarray(keys, np.int32),
            np.asarray(index, np.int32)[:, None],
            np.asarray(column, np.int32)[None, :],
            65521,
        )
        for half, twin in zip(wide, narrow, strict=True):
            assert twin.dtype == np.int32
            assert half.max() < 65536
            np.testing.assert_array_equal(np.asarray(half), twin)


def test_the_watch_notices_an_overflow(monkeypatch):
    monkeypatch.setattr(portable, "A", (65535, *portable.A[1:]))
    with pytest.raises(OverflowError, match="multiply"):
        portable._keys(watched([65535]), watched([0]))


def test_constants_keep_seeds_apart():
    """Seeds share the key of a round when low + high B / A is the same; no shift may do so in every round."""
    a, b = np.array(portable.A), np.array(portable.B)
    assert (a % 2 == 1).all()
    assert a.max() < 32768
    assert b.max() < 32768
    assert b.min() > 0
    ratio = [int(y) * pow(int(x), -1, 65536) % 65536 for x, y in zip(a, b, strict=True)]
    assert len({r % 8 for r in ratio}) == 8
    for high in range(1, 65536):
        shared = np.unique([high * r % 65536 for r in ratio], return_counts=True)[1].max()
        assert shared <= (4 if high % 32768 == 0 else 2 if high % 16384 == 0 else 1)


def test_the_numpy_twin_needs_no_tensorflow():
    program = "import sys, keras_vae.random.portable as p; p.latents_numpy(7, [0], 2); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "keras_vae.random.portable" in modules
    assert "tensorflow" not in modules


@pytest.mark.parametrize("latent_dim", [1, 16, 250, 251, 252, 257, 300, 1000, 65520])
def test_the_stride_leaves_a_spare_column(latent_dim):
    step = portable.stride(latent_dim)
    assert latent_dim < step < 65536
    assert step == 251 or latent_dim >= 251
    assert not [divisor for divisor in range(2, 256) if step % divisor == 0 and divisor != step]


@pytest.mark.parametrize("latent_dim", [0, -1, 65521, 10**6])
def test_the_stride_refuses(latent_dim):
    with pytest.raises(ValueError, match=f"latent_dim is {latent_dim}: expected 1 to 65520; "):
        portable.stride(latent_dim)


@pytest.mark.parametrize("seed", [2**31, -(2**31) - 1, 10**20, 1.0, "7", None])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=r"^seed is .*: expected an int.*; .*\Z"):
        portable.latents_numpy(seed, [0], 2)


@pytest.mark.parametrize("temperature", [-0.1, np.nan, np.inf, -np.inf, 1e39, "warm", None])
def test_a_temperature_out_of_range_is_refused(temperature):
    with pytest.raises(ValueError, match=r"^temperature is .*: expected a .*number.*; .*\Z"):
        portable.latents_numpy(7, [0], 2, temperature)


@pytest.mark.parametrize("index", [[-1], [2**31], [0.5], 3, [[1, 2]], ["a"]])
def test_an_index_out_of_range_is_refused(index):
    with pytest.raises(ValueError, match=r"^index .*: expected .*; .*\Z"):
        portable.latents_numpy(7, index, 2)


@pytest.mark.parametrize("column", [[-1], [251]])
def test_a_column_out_of_range_is_refused(column):
    import tensorflow as tf

    with pytest.raises(ValueError, match=r"^column .*: expected 0 to 250; .*\Z"):
        portable.words_numpy(7, [0], column)
    with pytest.raises(ValueError, match=r"^column .*: expected 0 to 250; .*\Z"):
        portable.words(tf.constant(7), tf.constant([0]), column)


def test_checks_return_the_value():
    assert portable.check_seed(np.int64(-5)) == -5
    assert portable.check_temperature(np.float32(0.5)) == 0.5
    assert portable.check_index(range(3)).tolist() == [0, 1, 2]
    assert portable.latents_numpy(7, [], 4).shape == (0, 4)
