import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA


@pytest.fixture(scope="session")
def digits():
    """scikit-learn's digits, float32 [1797, 8, 8, 1] in [0, 1]."""
    return (load_digits().images / 16).astype(np.float32)[..., None]


@pytest.fixture(scope="session")
def digit_labels():
    return load_digits().target.astype(np.int32)


@pytest.fixture(scope="session")
def principal_components(digits):
    """Return (means, decode) of a linear model with so many latent dimensions."""

    def fit(latent_dim):
        model = PCA(latent_dim, whiten=True, random_state=0).fit(digits.reshape(len(digits), -1))
        means = model.transform(digits.reshape(len(digits), -1))
        return means, lambda z: model.inverse_transform(z).reshape(-1, 8, 8, 1)

    return fit
