"""Active units: the latent dimensions that the data move."""

from __future__ import annotations

import numpy as np

THRESHOLD = 0.01


def active_units(means: np.ndarray) -> int:
    """Count latent dimensions with Var over x of E_q[z] above 0.01 (Burda et al. 2016, section 5.3).

    Args:
        means: posterior means `[images, latent_dim]`.

    Example:
        >>> active_units(np.array([[0.0, 1.0], [0.01, -1.0]]))
        1
    """
    return int(np.sum(np.var(means, axis=0) > THRESHOLD))
