"""Models that earlier versions saved are read as they were."""

import warnings
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_vae.objectives import CyclicalAnnealing

# Written by version 0.1.0: a learned mixture as prior, a flow, a sampler, cyclical annealing, skipped gradients.
FILE = Path(__file__).with_name("version_0_1_0.keras")


@pytest.fixture(scope="module")
def model():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer 'adam'")  # found in its wrapper
        return keras.models.load_model(FILE)


def test_every_part_has_its_weights(model):
    np.testing.assert_allclose(
        model.generate(3, seed=1).mean(axis=(1, 2, 3)), [0.5011873, 0.4973534, 0.5026029], rtol=1e-5
    )
    assert type(model.objective.kl_weight) is CyclicalAnnealing
    assert np.abs(model.prior().components_distribution.loc).max() > 0


def test_training_goes_on(model, digits):
    assert int(model.step) == 4
    assert int(model.optimizer.iterations.numpy()) == 4
    assert model.skip_gradients_above == 1e3
    assert np.isfinite(model.fit(digits, verbose=0).history["loss"]).all()
