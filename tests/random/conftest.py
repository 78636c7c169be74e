from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def edges():
    """Seeds and image numbers at the edges of every step of the formula, and some from all over."""
    seeds = [0, 1, -1, 7, 2**31 - 1, -(2**31), 65535, 65536, -65536, -65537]
    index = np.concatenate(
        [
            np.arange(48),
            np.arange(65536 - 16, 65536 + 16),
            np.arange(2 * 65536 - 4, 2 * 65536 + 4),
            np.arange(261 * 65536 - 4, 261 * 65536 + 4),
            np.arange(2**31 - 4, 2**31),
            np.random.default_rng(0).integers(0, 2**31, 24),
        ]
    ).astype(np.int32)
    return SimpleNamespace(seeds=seeds, index=index)
