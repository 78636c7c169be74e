"""`keras-vae train` with parts chosen by name, and conditional."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_vae import registry
from keras_vae.command_line import train as command
from keras_vae.models.vae import VAE
from keras_vae.runs.settings import PARTS, Settings
from keras_vae.runs.train import train


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    output = tmp_path_factory.mktemp("runs") / "chosen"
    parts = ["--objective", "linear_warm_up", "--prior", "vamp", "--likelihood", "bernoulli", "--conditional"]
    arguments = ["--output", output, "--epochs", 4, "--importance-samples", 1, "--latent-dim", 2, "--no-bundle"]
    command.train([str(argument) for argument in [*parts, *arguments]], standalone_mode=False)
    return output


def test_help_names_every_choice():
    shown = {option.name: option.help for option in command.train.params}
    for part in PARTS:
        said = re.fullmatch(r".+?: ([a-z_, ]+)[.;].*", shown[part])[1]
        assert said.split(", ") == registry.names(part)


def test_the_run_records_what_was_chosen_and_the_rest(chosen):
    config = json.loads((chosen / "config.json").read_text())
    settings = config["settings"]
    assert [settings[part] for part in ("objective", "prior", "likelihood", "posterior", "conditional")] == [
        *("linear_warm_up", "vamp", "bernoulli", "diagonal_normal"),
        True,
    ]
    assert config["model"]["prior"] == "VampPrior"
    assert config["model"]["class_names"] == [str(digit) for digit in range(10)]


def test_what_depends_on_the_size_of_a_training_is_set_to_it(chosen):
    from keras_vae.runs.run_folder import load_run

    model, _ = load_run(chosen)
    assert model.objective.kl_weight.steps == 12  # a quarter of 4 epochs of 12 batches
    assert model.classes == 10
    # 500 pseudo-inputs that began as images: dark ground, some ink, no two alike
    pixels = model.prior.pseudo_inputs().numpy().reshape(500, -1)
    assert pixels.std() > 0.3
    assert len(np.unique(pixels.round(1), axis=0)) == 500


def test_every_class_is_drawn(chosen):
    with Image.open(chosen / "classes.png") as picture:
        assert picture.size[0] > 10 * 8
        assert len(np.unique(np.asarray(picture))) > 50


def test_a_conditional_run_is_evaluated_and_draws_one_class(keras_vae, chosen, tmp_path):
    status, printed, _ = keras_vae("evaluate", chosen, "--importance-samples", 1, "--json")
    assert status == 0
    assert json.loads(printed)["images"] == 360
    for label in (3, 4):
        assert keras_vae("generate", chosen, "--label", label, "--output", tmp_path / f"{label}.png")[0] == 0
    assert (tmp_path / "3.png").read_bytes() != (tmp_path / "4.png").read_bytes()


@pytest.fixture
def images(tmp_path):
    """Without classes."""
    (tmp_path / "images").mkdir()
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (8, 8), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
    return tmp_path / "images"


@pytest.fixture
def pets(images):
    """The same as two classes."""
    (images / "cat").mkdir()
    for path in images.glob("*.png"):
        path.rename(images / "cat" / path.name)
    shutil.copytree(images / "cat", images / "dog")
    return images


@pytest.mark.parametrize("command", ["evaluate", "export"])
def test_a_run_is_neither_judged_nor_exported_with_images_of_other_classes(keras_vae, chosen, pets, tmp_path, command):
    """Such as a folder in which classes have come and gone since."""
    run = shutil.copytree(chosen, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config["settings"]["dataset"] = str(pets)
    (run / "config.json").write_text(json.dumps(config))
    status, _, error = keras_vae(command, run, *(("--output", tmp_path / "bundle") if command == "export" else ()))
    assert status == 2
    assert not (tmp_path / "bundle").exists()
    assert error.splitlines()[-1] == (
        f"keras-vae: error: the classes of {pets} are cat, dog: expected some of the model's, "
        "0, 1, 2, 3, 4, 5, 6, 7, 8, 9; choose such images"
    )


@pytest.mark.parametrize("given", [[], ["--conditional"]])
def test_a_shared_preset_is_trained_on_with_its_own_numbers_of_classes(keras_vae, pets, tmp_path, monkeypatch, given):
    """Which it has in an order of its own, whether or not `--conditional` says again that it is conditional."""
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]}, classes=["fish", "dog", "cat"])
    model.save_to_preset(tmp_path / "preset")
    fitted = []

    def noting(prepared, *arguments):
        fitted.extend(prepared.arrays.values())
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_vae.runs.train.fit", noting)
    arguments = ["--preset", tmp_path / "preset", "--dataset", pets, "--importance-samples", 1]
    with pytest.raises(KeyboardInterrupt):
        train(Settings(str(pets), str(tmp_path / "preset"), conditional=bool(given)), tmp_path / "run")
    numbers = np.concatenate([arrays.labels for arrays in fitted])
    assert sorted(numbers) == [1] * 4 + [2] * 4
    (pets / "dog").rename(pets / "owl")
    status, _, error = keras_vae("train", *arguments, *given, "--output", tmp_path / "run")
    assert status == 2
    assert error.splitlines()[-1] == (
        f"keras-vae: error: the classes of {pets} are cat, owl: expected some of the model's, fish, dog, cat; "
        "choose such images"
    )


@pytest.mark.parametrize("part", sorted(PARTS))
def test_an_unknown_name_is_one_line_and_comes_before_any_data(keras_vae, tmp_path, part):
    status, _, error = keras_vae("train", f"--{part}", "nonsense", "--dataset", "no such", "--output", tmp_path / "run")
    assert status == 2
    assert f"{part} is 'nonsense': expected one of {', '.join(registry.names(part))}; choose one of them" in error
    assert list(tmp_path.iterdir()) == []


def test_images_without_classes_cannot_be_conditional(keras_vae, images, tmp_path):
    status, _, error = keras_vae("train", "--conditional", "--dataset", images, "--output", tmp_path / "r")
    assert status == 2
    note, line = error.splitlines()
    assert note.startswith("note: ")
    assert "conditional is True, but the images have no classes" in line
