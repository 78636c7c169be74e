"""Normal latents that are bit-equal in every runtime: a counter-based generator of plain int32 arithmetic.

A Feistel network of eight rounds on two 16-bit halves encrypts (image, column) under a key made of the seed;
each half picks a normal quantile from an int32 table, and the sum of the two is the latent. Every value is
non-negative and below 2**31, so truncating and flooring division agree and no runtime can overflow.

    F(t)     p // 256 + p % 65536 + 3 t   with p = t (t // 2)
    seed     lo = seed mod 65536, hi = (seed div 65536) mod 65536
    keys     k[r] = F((lo A[r] + hi B[r] + C[r]) mod 65536) mod 65536
    start    L = i mod 65536, R = ((i div 65536) stride + j) mod 65536       image i, column j < stride
    rounds   L, R = R, (L + F((R + k[r]) mod 65536)) mod 65536               r = 0 .. 7
    latent   float32(T[L div 16] + T[R div 16]) * 2**-14 * temperature

Under one seed no two (image, column) pairs below image 65536 * (65536 // stride), 17 million at stride 251,
draw the same word; beyond it words repeat, as they must: there are only 2**32 of them. It is a generator for
pictures and tests, not for secrets.

Nor for studies of tails. A latent is a sum of two of 4,096 quantiles: mean 0 and variance 1 to 1e-6, within 1.3e-4 of
the normal's distribution function, with an atom of 1/4096 at 0; but beyond 3 in either direction it has 0.99 of the
normal's probability, beyond 3.5 0.96, beyond 4 0.87, beyond 5 0.21, and none beyond 5.19.
"""

from __future__ import annotations

import math
import operator
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.checks.number import is_number
from keras_vae.checks.shown import shown
from keras_vae.data.as_array import as_array

if TYPE_CHECKING:
    import tensorflow as tf

NAME = "feistel16-quantile4096"
ROUNDS = 8
# Drawn once, under conditions: all below 32768, so that lo * A < 2**31; A odd, and B / A modulo 8 different
# in every round, odd and even by turns, so that no two seeds agree on lo A + hi B in more than four rounds.
# (Were all of A and B odd, seeds that differ in just bits 15 and 31 would agree in all and draw the same.)
A = (24511, 31407, 19017, 6917, 32549, 13509, 2329, 29145)
B = (14184, 15475, 3628, 10285, 23714, 20647, 13566, 8719)
C = (8083, 39157, 54567, 53432, 59161, 24472, 52037, 4417)
HALF = 2**16
STRIDE = 251
TABLE_SIZE = 4096
SCALE = 2.0**-14


def _table() -> np.ndarray:
    quantiles = [NormalDist().inv_cdf((i + 0.5) / TABLE_SIZE) for i in range(TABLE_SIZE)]
    stddev = math.sqrt(math.fsum(q * q for q in quantiles) / TABLE_SIZE)
    # Two entries are added, hence the sqrt(2). Rounding to integers makes the last bits of the quantile moot.
    table = np.array([round(q / stddev / math.sqrt(2) / SCALE) for q in quantiles], np.int32)
    table.flags.writeable = False
    return table


TABLE = _table()


def check_seed(seed: int) -> int:
    """Return the seed as a Python int; ValueError unless it is an integer in [-2**31, 2**31)."""
    try:
        value = operator.index(seed)
    except TypeError:
        value = None
    if value is None or isinstance(seed, bool):
        raise ValueError(f"seed is {shown(seed)}: expected an integer; give one such as 7")
    if not -(2**31) <= value < 2**31:
        raise ValueError(f"seed is {shown(value)}: expected an int32; choose one from {-(2**31)} to {2**31 - 1}")
    return value


def check_temperature(temperature: float) -> float:
    """Return the temperature as a float; ValueError unless it is finite in float32 and not negative."""
    if getattr(temperature, "ndim", None) == 0:
        temperature = as_array("temperature", temperature).item()
    if not is_number(temperature) or not 0 <= temperature <= float(np.finfo(np.float32).max):
        raise ValueError(f"temperature is {shown(temperature)}: expected a finite number >= 0; 1 draws from the prior")
    return float(temperature)


def check_index(index: ArrayLike) -> np.ndarray:
    """Return image numbers as int32 [n]; ValueError unless they are integers [n] in [0, 2**31)."""
    values = as_array("index", index)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(f"index is {values.dtype} of shape {values.shape}: expected integers [n]; try range(n)")
    if values.size and not (values.min() >= 0 and values.max() < 2**31):
        raise ValueError(f"index spans {values.min()} to {values.max()}: expected 0 to {2**31 - 1}; stay within it")
    return values.astype(np.int32)


def stride(latent_dim: int) -> int:
    """Columns set apart for an image: 251, or the next prime above a latent_dim of 251 or more.

    Always more than latent_dim: column number `latent_dim` is spare, for a draw beside the latents such as
    a mixture's component. ValueError for latent_dim < 1 or beyond 65520, where no 16-bit prime is left.
    """
    largest = 65521  # the largest prime below 65536
    if not 1 <= latent_dim < largest:
        raise ValueError(f"latent_dim is {latent_dim}: expected 1 to {largest - 1}; the generator draws 16-bit columns")
    candidate = max(STRIDE, latent_dim + 1)
    while any(candidate % divisor == 0 for divisor in range(2, math.isqrt(candidate) + 1)):
        candidate += 1
    return candidate


def _check_column(column: ArrayLike, stride: int) -> np.ndarray:
    values = np.asarray(column, np.int32)
    if values.size and not (values.min() >= 0 and values.max() < stride):
        raise ValueError(f"column spans {values.min()} to {values.max()}: expected 0 to {stride - 1}; raise the stride")
    return values


def _mix(t: Any) -> Any:
    """F of the formula: t in [0, 65536) to an int32 that is below 2**24."""
    product = t * (t // 2)
    return product // 256 + product % HALF + 3 * t


def _keys(low: Any, high: Any) -> Any:
    """The keys of a seed's halves, [8]; with `_encrypt`, for NumPy arrays and TensorFlow tensors alike."""
    a, b, c = np.array([A, B, C], np.int32)
    return _mix((low * a % HALF + high * b % HALF + c) % HALF) % HALF


def _encrypt(keys: Any, index: Any, column: Any, stride: int) -> tuple[Any, Any]:
    """The rounds: index [n, 1] and column [1, c] to left and right, [n, c].

    Halves are reduced modulo 65536 where they enter F and at the end, not in every round: four sums of F stay far
    below 2**31, and every operator counts in an exported file.
    """
    left = index % HALF
    right = (index // HALF * stride + column) % HALF
    for r in range(ROUNDS):
        left, right = right, left + _mix((right + keys[r]) % HALF)
    return left % HALF, right % HALF


def words_numpy(seed: int, index: ArrayLike, column: ArrayLike, stride: int = STRIDE) -> tuple[np.ndarray, np.ndarray]:
    """Raw words: the two 16-bit halves that the generator draws for images and columns.

    Args:
        seed: an int32.
        index: image numbers, int [n], in [0, 2**31).
        column: column numbers, int [c], in [0, stride). Columns below latent_dim are the latents'.
        stride: `stride(latent_dim)`.

    Returns:
        left, right: int32 [n, c] each, in [0, 65536).
    """
    unsigned = check_seed(seed) % 2**32
    index = check_index(index)
    column = _check_column(column, stride)
    keys = _keys(np.int32(unsigned % HALF), np.int32(unsigned // HALF))
    return _encrypt(keys, index[:, None], column[None, :], stride)


def latents_numpy(seed: int, index: ArrayLike, latent_dim: int, temperature: float = 1.0) -> np.ndarray:
    """Standard normal latents times temperature, as every exported `generate` draws them.

    Args:
        seed: an int32.
        index: image numbers, int [n], in [0, 2**31). Row i depends on (seed, index[i]) alone.
        latent_dim: d, the number of latent dimensions.
        temperature: the standard deviation, finite and not negative.

    Returns:
        float32 [n, d].

    Raises:
        ValueError: a seed, index, temperature or latent_dim out of range.

    Example:
        >>> from keras_vae.random.portable import latents_numpy
        >>> latents_numpy(7, [0, 1], latent_dim=3).shape
        (2, 3)
    """
    factor = np.float32(check_temperature(temperature))
    left, right = words_numpy(seed, index, np.arange(latent_dim), stride(latent_dim))
    return (TABLE[left // 16] + TABLE[right // 16]).astype(np.float32) * np.float32(SCALE) * factor


def words(
    seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, column: ArrayLike, stride: int = STRIDE
) -> tuple[tf.Tensor, tf.Tensor]:
    """`words_numpy` as a TensorFlow graph of operations that TFLite has built in and ONNX maps exactly.

    Args:
        seed: int32 scalar.
        index: int32 [n], not negative; a graph cannot refuse a negative one, so its callers must.
        column: int [c] in [0, stride), not a tensor.
        stride: `stride(latent_dim)`.

    Returns:
        left, right: int32 [n, c] each, in [0, 65536).
    """
    import tensorflow as tf

    seed = tf.convert_to_tensor(seed, tf.int32)
    index = tf.convert_to_tensor(index, tf.int32)
    # Runtimes divide negative numbers differently, and 2**31 is no int32: add it in two steps.
    negative = tf.cast(seed < 0, tf.int32)
    positive = seed + negative * (2**31 - 1) + negative
    low = positive % HALF
    high = positive // HALF + negative * 2**15
    column = tf.constant(_check_column(column, stride))
    return _encrypt(tf.unstack(_keys(low, high)), index[:, None], column[None, :], stride)


def latents(
    seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, latent_dim: int, temperature: tf.Tensor | float
) -> tf.Tensor:
    """`latents_numpy` as a TensorFlow graph, bit-equal to it: the generator inside every exported `generate`.

    Args:
        seed: int32 scalar.
        index: int32 [n], not negative.
        latent_dim: d, a Python int.
        temperature: float32 scalar.

    Returns:
        float32 [n, d].
    """
    import tensorflow as tf

    left, right = words(seed, index, np.arange(latent_dim), stride(latent_dim))
    table = tf.constant(TABLE)
    total = tf.gather(table, left // 16) + tf.gather(table, right // 16)
    return tf.cast(total, tf.float32) * SCALE * tf.convert_to_tensor(temperature, tf.float32)


def specification(latent_dim: int) -> dict[str, Any]:
    """The manifest's `generator` section: all that is needed to recompute a latent, in JSON's types."""
    return {
        "name": NAME,
        "rounds": ROUNDS,
        "stride": stride(latent_dim),
        "a": list(A),
        "b": list(B),
        "c": list(C),
        "table": TABLE.tolist(),
        "scale": SCALE,
    }
