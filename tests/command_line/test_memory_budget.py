"""Images that are read from a file train the very run that they train from memory."""

import keras
import numpy as np
import pytest


@pytest.mark.slow
def test_a_run_does_not_depend_on_where_its_images_are(keras_vae, run, tmp_path):
    arguments = ["--epochs", 1, "--importance-samples", 1, "--latent-dim", 2, "--no-bundle"]
    status, _, error = keras_vae("train", *arguments, "--memory-budget", 1e-9, "--output", tmp_path / "run")
    assert (status, error) == (0, "")
    for name in ("metrics.json", "history.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (run / name).read_bytes()
    mapped, held = (keras.models.load_model(path / "model.keras").get_weights() for path in (tmp_path / "run", run))
    assert all(np.array_equal(a, b) for a, b in zip(mapped, held, strict=True))
