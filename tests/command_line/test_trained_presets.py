"""Pictures and bundles of presets that come trained, on a machine that never trained."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from keras_vae.command_line.application import main
from keras_vae.models.vae import VAE
from keras_vae.pictures.samples import samples
from keras_vae.presets.read import read_preset
from keras_vae.presets.weights import trained_preset_names
from tests.fresh_process import FreshProcess

# Sharp decoders, and wide dense layers with one scale for all their weights: ranges that are found as it runs lose too
# many nats; a deep decoder of integers alone draws other pixels. These files say so.
TOO_COSTLY = {
    "emoji_ladder": {"tflite/vae.dynamic.tflite": "nats per image: expected at most"},
    "mnist_conv_mixture": {"tflite/vae.dynamic.tflite": "nats per image: expected at most"},
    "mnist_iwae_mlp": {"tflite/vae.dynamic.tflite": "nats per image: expected at most"},
    "mnist_ladder": {"microcontroller/decode.tflite": "from the reference: expected at most 0.5"},
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
def test_export_writes_a_bundle_that_verifies_and_states_what_the_preset_reaches(
    keras_vae, check_sizes, tmp_path, preset
):
    bundle = tmp_path / "bundle"
    # in a process of its own: of a ladder it takes two gigabytes, much of which TensorFlow would keep
    status, printed, err = FreshProcess(main, ["export", "--preset", preset, "--output", str(bundle)]).ended()
    assert status == 0
    assert "Warning" not in err
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["metrics"] == read_preset(preset)["trained"]["test"]
    assert manifest["not_written"].keys() == TOO_COSTLY.get(preset, {}).keys()
    for path, reason in manifest["not_written"].items():
        assert f"note: {path} is not in the bundle: {reason[:160]}" in printed
        assert TOO_COSTLY[preset][path] in reason
    model = VAE.from_preset(preset)
    # small tensors that are equal before a training; those of the generator are as long as the latent, 3,968 of
    # emoji_ladder, most of whose weights are in its coarse layers, the first, which stay in float32
    limits = {"others": 80_000, "int8": (0.4, 0.65)} if preset == "emoji_ladder" else {"others": 40_000}
    check_sizes(model, bundle, **limits)
    assert keras_vae("verify", bundle)[0] == 0
    arguments = ["--count", 4, "--runtime", "onnx", "--output", tmp_path / "p.png"]
    assert keras_vae("generate", bundle, *arguments)[0] == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A preset that somebody shared."""
    path = tmp_path_factory.mktemp("shared") / "digits"
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, prior="vamp", seed=3)
    model.save_to_preset(path)
    return path


def test_a_folder_is_drawn_from_as_in_python(keras_vae, tmp_path, folder):
    status, *_ = keras_vae("generate", "--preset", folder, "--seed", 7, "--output", tmp_path / "a.png")
    assert status == 0
    samples(VAE.from_preset(folder).generate(16, seed=7), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.usefixtures("gray_pixels_are_meant")
def test_a_folder_is_trained_on_from_its_weights(keras_vae, tmp_path, monkeypatch, folder):
    monkeypatch.chdir(folder.parent)
    arguments = ["--importance-samples", 1, "--no-bundle", "--learning-rate", 1e-12, "--epochs", 1]
    status, _, error = keras_vae("train", "--preset", "./digits", "--output", tmp_path / "run", *arguments)
    assert (status, error) == (0, "")
    trained, shared = keras.models.load_model(tmp_path / "run" / "model.keras"), VAE.from_preset(folder)
    for part in ("encoder", "decoder", "prior"):
        for weight, before in zip(
            getattr(trained, part).get_weights(), getattr(shared, part).get_weights(), strict=True
        ):
            np.testing.assert_allclose(weight, before, atol=1e-7)
    settings = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]
    assert settings["preset"] == str(folder.resolve())
    assert settings["prior"]["class_name"] == "VampPrior"
    assert settings["batch_size"] == 128  # of the data set's own preset


def test_a_folder_that_the_images_do_not_fit(keras_vae, tmp_path, folder):
    arguments = ["--image-size", 16, "--output", tmp_path / "run"]
    status, _, error = keras_vae("train", "--preset", folder, *arguments)
    assert status == 2
    assert "image_shape is (16, 16, 1) with preset" in error
    assert "expected [8, 8, 1], which is what its weights fit" in error
    assert list(tmp_path.iterdir()) == []


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
        (["generate", "--preset", "no/where"], "preset no/where is not there: expected a folder with config.json, as"),
        (["train", "--preset", "./no", "--output", "run"], "is not there: expected a folder with config.json, as"),
        (["export", "--preset", "no/where", "--output", "bundle"], "preset no/where is not there: expected a folder"),
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


@pytest.mark.parametrize("command", ["generate", "export", "explore"])
def test_the_help_names_the_presets_that_come_with_weights(keras_vae, command):
    status, printed, _ = keras_vae(command, "--help")
    assert status == 0
    assert all(name in printed for name in trained_preset_names())
