"""The machine's own rate: float32 matrix products by NumPy, whose "loss" is floating-point operations a second."""

from __future__ import annotations

import time

import numpy as np
from protocol import options, serve

SIDE, PRODUCTS = 1024, 20
asked = options()
generator = np.random.default_rng(asked.seed)
left, right = (generator.random((SIDE, SIDE), np.float32) for _ in range(2))


def multiply() -> float:
    started = time.perf_counter()
    for _ in range(PRODUCTS):
        left @ right
    return PRODUCTS * 2 * SIDE**3 / (time.perf_counter() - started)


serve(multiply, {"NumPy": np.__version__})
