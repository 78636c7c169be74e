"""The one interface over three runtimes."""

import numpy as np
import pytest

from keras_vae.export.runtimes.choices import load_runtime

FILES = ["saved_model", "tflite/vae.tflite", "onnx/decode.onnx"]


@pytest.mark.parametrize("file", FILES)
def test_a_fixed_batch_is_filled_and_cut(exported, file):
    artifact = exported.manifest["artifacts"][file]
    latent = np.random.default_rng(0).normal(size=(7, exported.model.latent_dim)).astype(np.float32)
    free = load_runtime(exported.path, file, artifact)("decode", latent=latent)["image"]
    fixed = load_runtime(exported.path, file, {**artifact, "batch": 3})("decode", latent=latent)["image"]
    assert fixed.shape == free.shape
    np.testing.assert_allclose(fixed, free, atol=1e-6)


@pytest.mark.parametrize("file", FILES)
def test_results_are_the_caller_s_own(exported, file):
    run = load_runtime(exported.path, file, exported.manifest["artifacts"][file])
    first = run("decode", latent=np.zeros((1, exported.model.latent_dim), np.float32))["image"]
    kept = first.copy()
    run("decode", latent=np.ones((1, exported.model.latent_dim), np.float32))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("file", FILES)
def test_mistakes_name_the_file(exported, file, tmp_path):
    artifact = exported.manifest["artifacts"][file]
    with pytest.raises(ValueError, match="has no 'paint': expected one of"):
        load_runtime(exported.path, file, artifact)("paint")
    broken = tmp_path / file
    broken.parent.mkdir(exist_ok=True)
    broken.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"cannot be loaded .*: restore the file, or export the model again"):
        load_runtime(tmp_path, file, artifact)
