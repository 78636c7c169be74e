"""Pictures and bundles of presets that come trained, on a machine that never trained."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_vae.presets.weights import trained_preset_names

# Sharp decoders, and wide dense layers with one scale for all their weights: 8 bits lose too many nats, and these files
# say so.
TOO_COSTLY = {
    "mnist_conv_mixture": {"tflite/vae.dynamic.tflite", "tflite/decoder.int8.tflite"},
    "mnist_iwae_mlp": {"tflite/vae.dynamic.tflite", "tflite/decoder.int8.tflite", "onnx/decode.int8.onnx"},
}


@pytest.mark.parametrize("preset", trained_preset_names())
def test_generate_draws_the_same_picture_for_the_same_seed(keras_vae, tmp_path, preset):
    pictures = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        status, printed, _ = keras_vae(
            "generate", "--preset", preset, "--seed", seed, "--output", tmp_path / f"{name}.png"
        )
        assert status == 0
        assert "16 images of seed" in printed
        with Image.open(tmp_path / f"{name}.png") as picture:
            pictures.append(np.asarray(picture))
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert np.any(pictures[0] != pictures[2])


@pytest.mark.slow
@pytest.mark.parametrize("preset", trained_preset_names())
def test_export_writes_a_bundle_that_verifies_and_states_what_the_preset_reaches(keras_vae, tmp_path, preset):
    bundle = tmp_path / "bundle"
    status, printed, _ = keras_vae("export", "--preset", preset, "--output", bundle)
    assert status == 0
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["metrics"]["images"] == 10_000
    assert set(manifest["not_written"]) == TOO_COSTLY.get(preset, set())
    for path, reason in manifest["not_written"].items():
        assert f"note: {path} is not in the bundle: {reason}" in printed
        assert "nats an image: expected at most" in reason
    assert keras_vae("verify", bundle)[0] == 0
    arguments = ["--count", 4, "--runtime", "onnx", "--output", tmp_path / "p.png"]
    assert keras_vae("generate", bundle, *arguments)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate"], "expected a run, a bundle or a preset; give one"),
        (["generate", "run", "--preset", "mnist_mlp"], "expected a run, a bundle or a preset; give one"),
        (
            ["generate", "--preset", "mnist_mlp", "--runtime", "onnx"],
            "--runtime is onnx with --preset mnist_mlp: expected a bundle",
        ),
        (["generate", "--preset", "mnist_mlp"], "preset 'mnist_mlp' comes without trained weights: expected"),
        (["export", "--output", "bundle"], "expected a run or a preset; give one"),
        (["export", "run", "--preset", "mnist_mlp", "--output", "bundle"], "expected a run or a preset; give one"),
        (["export", "--preset", "mnist_mpl", "--output", "bundle"], "preset is 'mnist_mpl': expected one of"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(keras_vae, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, _, error = keras_vae(*arguments)
    assert status == 2
    assert words in error
    assert len(error.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
