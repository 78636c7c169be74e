"""The portable generator: bit-equal in every runtime, without overflow, and random enough to trust."""

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

SEEDS = [0, 1, -1, 7, 2**31 - 1, -(2**31), 65535, 65536, -65536, -65537]
INDEX = np.concatenate(
    [
        np.arange(48),
        np.arange(65536 - 16, 65536 + 16),
        np.arange(2 * 65536 - 4, 2 * 65536 + 4),
        np.arange(261 * 65536 - 4, 261 * 65536 + 4),
        np.arange(2**31 - 4, 2**31),
        np.random.default_rng(0).integers(0, 2**31, 24),
    ]
).astype(np.int32)
LATENT_DIM = 16
MIXTURE = [LATENT_DIM, 250]  # columns beyond the latents


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


def test_the_specification_alone_recomputes_the_latents_at_the_edges():
    specification = json.loads(json.dumps(portable.specification(LATENT_DIM)))
    assert set(specification) == {"name", "rounds", "stride", "a", "b", "c", "table", "scale"}
    assert specification["rounds"] == len(specification["a"]) == 8
    for seed in SEEDS:
        expected = [[recompute(specification, seed, i, j) for j in range(LATENT_DIM)] for i in INDEX.tolist()]
        np.testing.assert_array_equal(portable.latents_numpy(seed, INDEX, LATENT_DIM), expected)


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


# Every runtime


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
def test_runtimes_agree_bit_for_bit(runtimes, name):
    assert len(SEEDS) * len(INDEX) >= 1000
    for seed, temperature in itertools.product(SEEDS, (1.0, 0.7, 0.0)):
        latent, left, right = runtimes[name](INDEX, seed, temperature)
        assert latent.dtype == np.float32
        assert left.dtype == right.dtype == np.int32
        expected = portable.latents_numpy(seed, INDEX, LATENT_DIM, temperature)
        np.testing.assert_array_equal(bits(latent), bits(expected))
        np.testing.assert_array_equal([left, right], portable.words_numpy(seed, INDEX, MIXTURE))


@RUNTIMES
def test_an_image_does_not_depend_on_its_batch(runtimes, name):
    whole = runtimes[name](np.arange(65510, 65574), 7)[0]
    assert whole.shape == (64, LATENT_DIM)
    for n in (0, 25, 26, 63):
        np.testing.assert_array_equal(runtimes[name]([65510 + n], 7)[0], whole[n : n + 1])
        np.testing.assert_array_equal(portable.latents_numpy(7, [65510 + n], LATENT_DIM), whole[n : n + 1])


def test_wide_latents_agree(tf):
    latent = portable.latents(tf.constant(-3), tf.constant(INDEX), 300, tf.constant(1.0))
    np.testing.assert_array_equal(latent, portable.latents_numpy(-3, INDEX, 300))


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


def test_the_numpy_twin_needs_no_tensorflow():
    program = "import sys, keras_vae.random.portable as p; p.latents_numpy(7, [0], 2); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "keras_vae.random.portable" in modules
    assert "tensorflow" not in modules


# The range of the arguments


@pytest.mark.parametrize("latent_dim", [1, 16, 250, 251, 252, 257, 300, 1000, 65520])
def test_the_stride_leaves_a_spare_column(latent_dim):
    step = portable.stride(latent_dim)
    assert latent_dim < step < 65536
    assert step == 251 or latent_dim >= 251
    assert not [divisor for divisor in range(2, 256) if step % divisor == 0 and divisor != step]


@pytest.mark.parametrize("latent_dim", [0, -1, 65521, 10**6])
def test_the_stride_refuses(latent_dim):
    with pytest.raises(ValueError, match=f"latent_dim is {latent_dim}; expected 1 to 65520"):
        portable.stride(latent_dim)


@pytest.mark.parametrize("seed", [2**31, -(2**31) - 1, 10**20, 1.0, "7", None])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=r"^seed is .*expected an int.*\Z"):
        portable.latents_numpy(seed, [0], 2)


@pytest.mark.parametrize("temperature", [-0.1, np.nan, np.inf, -np.inf, 1e39, "warm", None])
def test_a_temperature_out_of_range_is_refused(temperature):
    with pytest.raises(ValueError, match=r"^temperature is .*expected a .*number.*\Z"):
        portable.latents_numpy(7, [0], 2, temperature)


@pytest.mark.parametrize("index", [[-1], [2**31], [0.5], 3, [[1, 2]], ["a"]])
def test_an_index_out_of_range_is_refused(index):
    with pytest.raises(ValueError, match=r"^index .*expected .*\Z"):
        portable.latents_numpy(7, index, 2)


@pytest.mark.parametrize("column", [[-1], [251]])
def test_a_column_out_of_range_is_refused(tf, column):
    with pytest.raises(ValueError, match=r"^column .*expected 0 to 250.*\Z"):
        portable.words_numpy(7, [0], column)
    with pytest.raises(ValueError, match=r"^column .*expected 0 to 250.*\Z"):
        portable.words(tf.constant(7), tf.constant([0]), column)


def test_checks_return_the_value():
    assert portable.check_seed(np.int64(-5)) == -5
    assert portable.check_temperature(np.float32(0.5)) == 0.5
    assert portable.check_index(range(3)).tolist() == [0, 1, 2]
    assert portable.latents_numpy(7, [], 4).shape == (0, 4)


# Statistics

RELATED = {
    "s": 1234,
    "s + 1": 1235,
    "s + 2": 1236,
    "s ^ 3": 1234 ^ 3,
    "-s": -1234,
    "s + 65536": 1234 + 65536,
    "s + 65537": 1234 + 65537,
    "s ^ bit 15": 1234 ^ 32768,
    "s ^ bit 31": 1234 - 2**31,
    "s ^ bits 15, 31": (1234 ^ 32768) - 2**31,
}
DIMENSIONS = 6
SHIFTS = (0, 1, 2, 65536)
IMAGES = 20_000


def largest_correlation():
    """The largest |correlation| * sqrt(n) over all pairs of (seed, shift of the index, dimension), and which.

    Of the latents, of their squares, and of latents with squares, save a latent's with its own.
    """
    columns = []
    for seed, shift in itertools.product(RELATED.values(), SHIFTS):
        columns.append(portable.latents_numpy(seed, np.arange(shift, shift + IMAGES), DIMENSIONS))
    names = list(itertools.product(RELATED, SHIFTS, range(DIMENSIONS)))
    z = np.concatenate(columns, axis=1).astype(np.float64)
    variables = np.concatenate([z, z**2], axis=1)
    variables = (variables - variables.mean(0)) / variables.std(0)
    score = np.abs(variables.T @ variables) / np.sqrt(IMAGES)
    score[np.equal.outer(np.arange(len(score)) % len(names), np.arange(len(score)) % len(names))] = 0
    first, second = np.unravel_index(score.argmax(), score.shape)
    return score.max(), names[first % len(names)], names[second % len(names)]


# 480 variables make 115,000 pairs: the largest of as many independent normals is near 4.8, and 1 time in
# 100,000 above 6.5.
LIMIT = 6.5


def test_no_pair_of_seeds_dimensions_and_neighbours_correlates():
    score, *pair = largest_correlation()
    assert score < LIMIT, pair


def two_keys_by_turns(low, high):
    return np.array([low, high] * 4)


def odd_constants(low, high):
    a, b, c = np.array(portable.A), np.array(portable.B) | 1, np.array(portable.C)
    return portable._mix((low * a % 65536 + high * b % 65536 + c) % 65536) % 65536


@pytest.mark.parametrize("broken", [two_keys_by_turns, odd_constants])
def test_broken_keys_are_caught_by_correlations_alone(monkeypatch, broken):
    monkeypatch.setattr(portable, "_keys", broken)
    z = portable.latents_numpy(1234, np.arange(IMAGES), DIMENSIONS)
    assert all(stats.kstest(column, "norm").pvalue > 1e-4 for column in z.T)
    score, *pair = largest_correlation()
    assert score > 100, pair


def test_alternating_keys_repeat_the_next_seed(monkeypatch):
    """What made the largest correlation above: (seed, j) is (seed + 1, j - 1)."""

    def distance():
        here, there = (portable.latents_numpy(seed, np.arange(1000), 3) for seed in (40, 41))
        return np.abs(here[:, 1] - there[:, 0]).mean()

    assert distance() > 0.9  # two independent normals are 1.13 apart
    monkeypatch.setattr(portable, "_keys", two_keys_by_turns)
    assert distance() < 0.01


@pytest.mark.parametrize("seed", [0, 7, -1])
def test_moments(seed):
    z = portable.latents_numpy(seed, np.arange(65_000, 165_000), 4).astype(np.float64)
    for column in [*z.T, z.ravel()]:
        n = column.size
        # five standard errors of each moment of a normal sample; the sum of two tables has kurtosis 2.996
        assert abs(column.mean()) < 5 * np.sqrt(1 / n)
        assert abs((column**2).mean() - 1) < 5 * np.sqrt(2 / n)
        assert abs((column**3).mean()) < 5 * np.sqrt(15 / n)
        assert abs((column**4).mean() - 3) < 5 * np.sqrt(96 / n) + 0.01


@pytest.mark.parametrize("seed", [0, 7, -1, -(2**31)])
def test_latents_are_normal(seed):
    z = portable.latents_numpy(seed, np.arange(50_000), 4)
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-4
    p_values = [stats.kstest(column, "norm").pvalue for column in z.T]
    # across seeds at one image, as a seed box in a page is used
    across = np.array([portable.latents_numpy(seed + s, [3], 4)[0] for s in range(5000)])
    p_values += [stats.kstest(column, "norm").pvalue for column in across.T]
    assert min(p_values) > 1e-4


def test_temperature_is_the_standard_deviation():
    z = portable.latents_numpy(7, np.arange(50_000), 2, temperature=0.5)
    assert z.std() == pytest.approx(0.5, rel=0.01)
    np.testing.assert_array_equal(portable.latents_numpy(7, [0, 1], 2, temperature=0.0), 0)


def test_words_are_uniform_and_never_repeat():
    left, right = portable.words_numpy(7, np.arange(65_536 - 8000, 65_536 + 8000), np.arange(17))
    for half in (left, right):
        assert half.min() >= 0
        assert half.max() < 65536
        for bin_count in (16, 10):  # the leading bits, and a draw of one in ten as a mixture would make it
            counts = np.bincount((half * bin_count // 65536).ravel(), minlength=bin_count)
            assert stats.chisquare(counts).pvalue > 1e-4
        assert stats.chisquare(np.bincount((half % 16).ravel(), minlength=16)).pvalue > 1e-4
    assert len(np.unique(left.astype(np.int64) * 65536 + right)) == left.size


def test_a_seed_bit_changes_half_of_the_bits():
    index, column = np.arange(64), np.arange(8)

    def word(seed):
        left, right = portable.words_numpy(seed, index, column)
        return (left.astype(np.uint32) << 16) | right.astype(np.uint32)

    for bit in range(32):
        flipped = (1234 ^ 1 << bit) - (2**32 if bit == 31 else 0)
        changed = np.bitwise_count(word(1234) ^ word(flipped)).mean()
        # 512 words of 32 bits: the mean of 16 has a standard error of 0.125
        assert abs(changed - 16) < 5 * 0.125, bit
