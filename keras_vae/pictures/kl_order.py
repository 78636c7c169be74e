"""Latent dimensions in the order of how much they carry: by KL, largest first."""

import numpy as np


def order_by_kl(kl_per_dimension: np.ndarray, latent_dim: int | None = None) -> np.ndarray:
    """Return the dimensions' numbers, int `[latent_dim]`, largest KL first; ties keep their order.

    Args:
        kl_per_dimension: float `[latent_dim]`, in nats per image.
        latent_dim: The number of dimensions there must be; None (the default) allows any.

    Raises:
        ValueError: For another rank or length, or NaN.

    Example:
        >>> order_by_kl(np.array([0.1, 2.0, 0.7])).tolist()
        [1, 2, 0]
    """
    kl = np.asarray(kl_per_dimension)
    expected = "[latent_dim]" if latent_dim is None else f"[{latent_dim}]"
    if kl.ndim != 1 or len(kl) == 0 or (latent_dim is not None and len(kl) != latent_dim):
        raise ValueError(
            f"kl_per_dimension has shape {list(kl.shape)}: expected {expected}; give the mean over the images of each "
            "latent dimension"
        )
    if not np.isfinite(kl).all():
        raise ValueError(f"kl_per_dimension is {kl.tolist()}: expected finite nats; check the training first")
    return np.argsort(-kl, kind="stable")
