"""The one interface over three runtimes."""

import numpy as np
import pytest

from keras_vae.export.runtimes.runtime import load_runtime

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
    with pytest.raises(
        ValueError, match=r"cannot be loaded .*: expected an undamaged file; restore it, or export the model again"
    ):
        load_runtime(tmp_path, file, artifact)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda z: {"latent": z[:, :-1]},
            r"^latent of decode in .* is float32 \[2, \d\]: expected float32 \['n', \d\]",
        ),
        (lambda z: {"latent": z[0]}, r"^latent of decode in .* is float32 \[\d\]: expected"),
        (lambda z: {"latent": z.astype(float)}, "is float64 .*: expected float32"),
        (lambda z: {"latent": z * np.nan}, "^latent of decode in .* is not finite: expected numbers"),
        (lambda z: {"latent": z / 0}, "^latent of decode in .* is not finite: expected numbers"),
        (lambda z: {"z": z}, r"^inputs of decode in .* are \['z'\]: expected \['latent'\]"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_inputs_that_do_not_fit_are_named(exported, file, change, says):
    run = load_runtime(exported.path, file, exported.manifest["artifacts"][file])
    with pytest.raises(ValueError, match=says) as caught:
        run("decode", **change(np.ones((2, exported.model.latent_dim), np.float32)))
    assert file in str(caught.value)


def test_a_negative_index_is_refused(exported):
    run = load_runtime(exported.path, "saved_model", exported.manifest["artifacts"]["saved_model"])
    numbers = {"seed": np.int32(1), "temperature": np.float32(1)}
    with pytest.raises(ValueError, match=r"^index of generate in .* is -1: expected at least 0"):
        run("generate", index=np.array([3, -1], np.int32), **numbers)
