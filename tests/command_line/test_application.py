"""The commands as a person types them."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """A folder of colour images of mixed sizes."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for number in range(12):
        pixels = rng.integers(0, 256, (20 + number, 32, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def test_help_loads_no_tensorflow_and_shows_examples():
    code = (
        "import sys; from keras_vae.command_line.application import main\n"
        "from keras_vae.command_line.application import COMMANDS\n"
        "for command in COMMANDS: main([command, '--help'])\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.count("Example") == 8


def test_no_arguments_print_the_help(keras_vae):
    status, printed, error = keras_vae()
    assert (status, error) == (0, "")
    assert printed == keras_vae("--help")[1]
    assert "\n    keras-vae verify digits-bundle\n" in printed


def test_evaluate_prints_a_table_or_json(keras_vae, run):
    status, printed, _ = keras_vae("evaluate", run, "--importance-samples", 3, "--deep")
    assert status == 0
    assert "-E_q[log p(x|z)]" in printed
    assert "mutual information" in printed
    status, printed, _ = keras_vae("evaluate", run, "--importance-samples", 3, "--deep", "--json")
    figures = json.loads(printed)
    surgery = figures["surgery"]
    assert surgery["kl"] == pytest.approx(figures["kl"], rel=0.05)
    assert surgery["kl"] == pytest.approx(surgery["mutual_information"] + surgery["marginal_kl"])
    assert figures["importance_samples"] == 3
    assert figures["elbo"] == pytest.approx(json.loads((run / "metrics.json").read_text())["test"]["elbo"], rel=0.01)


def test_generate_gives_the_same_picture_for_the_same_seed(keras_vae, run, tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        status, _, _ = keras_vae("generate", run, "--count", 4, "--seed", seed, "--output", tmp_path / f"{name}.png")
        assert status == 0
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


@pytest.mark.slow
def test_a_folder_of_images(keras_vae, photographs, tmp_path):
    arguments = ["--dataset", photographs, "--image-size", 15, "--epochs", 1, "--importance-samples", 1, "--no-bundle"]
    status, printed, error = keras_vae("train", *arguments, "--output", tmp_path / "run")
    assert (status, error) == (0, f"note: {photographs}: train 11, test 1 held out of train\n")
    assert "bits per dimension" in printed
    assert "cross-entropy" not in printed
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert config["model"]["image_shape"] == [15, 15, 3]
    status, _, _ = keras_vae("evaluate", tmp_path / "run", "--importance-samples", 1)
    assert status == 0


def corrupt(folder):
    (folder / "broken.png").write_bytes(b"\x89PNG cut short")


BAD_TRAINING = {
    "unknown dataset": (["--dataset", "mnits"], "mnist"),
    "empty folder": (["--dataset", "{empty}"], "empty"),
    "corrupt file": (["--dataset", "{corrupt}"], "broken.png"),
    "latent_dim 0": (["--latent-dim", 0], "at least 1"),
    "epochs 0": (["--epochs", 0], "at least 1"),
    "epochs no number": (["--epochs", "many"], "many"),
    "unknown preset": (["--preset", "mnist_mpl"], "mnist_mlp"),
    "unknown option": (["--epoch-count", 3], "--epoch"),
    "unknown binarisation": (["--binarize", "sometimes"], "dynamic"),
    "unknown augmentation": (["--augment", "flip,shfit"], "did you mean 'shift'?"),
    "no network": (["--dataset", "cifar10", "--data-dir", "{nothing}"], "cifar10"),
}


@pytest.mark.parametrize("mistake", BAD_TRAINING)
def test_a_mistake_is_one_line_and_leaves_nothing(keras_vae, tmp_path, photographs, mistake):
    arguments, named = BAD_TRAINING[mistake]
    places = {"empty": tmp_path / "empty", "corrupt": tmp_path / "some", "nothing": tmp_path / "nothing"}
    for place in places.values():
        place.mkdir()
    for path in photographs.iterdir():
        (places["corrupt"] / path.name).write_bytes(path.read_bytes())
    corrupt(places["corrupt"])
    arguments = [str(argument).format(images=photographs, **places) for argument in arguments]
    status, _, error = keras_vae("train", *arguments, "--output", tmp_path / "out/run")
    assert status == 2
    lines = [line for line in error.splitlines() if line.startswith("keras-vae: error")]
    assert len(lines) == 1
    assert "Traceback" not in error
    assert named in lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["evaluate", "{empty}"], "holds no run"),
        (["generate", "{empty}"], "holds no run"),
        (["evaluate", "{run}", "--importance-samples", 0], "at least 1"),
        (["generate", "{run}", "--count", 0], "at least 1"),
        (["generate", "{run}", "--seed", 2**31], "int32"),
        (["generate", "{run}", "--temperature", "nan"], "temperature"),
        (["generate", "{run}", "--output", "grid.jpg"], ".png"),
        (["generate", "{run}", "--output", "{empty}/no/grid.png"], "does not exist"),
        (["train", "--output", "{run}"], "--overwrite"),
        (["train"], "--output"),
        (["trian"], "trian"),
    ],
)
def test_other_mistakes(keras_vae, run, tmp_path, arguments, named):
    before = sorted(path.name for path in run.iterdir())
    status, _, error = keras_vae(*(str(argument).format(run=run, empty=tmp_path) for argument in arguments))
    assert status == 2
    assert len(error.splitlines()) == 1
    assert named in error
    assert sorted(path.name for path in run.iterdir()) == before
    assert list(tmp_path.iterdir()) == []


def test_skip_corrupt_goes_on(photographs, tmp_path):
    from keras_vae.data.load import load_arrays

    for path in photographs.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    corrupt(tmp_path)
    counts = [len(load_arrays(tmp_path, split, image_size=16, skip_corrupt=True)) for split in ("train", "test")]
    assert sum(counts) == 12


def test_generate_with_noise(keras_vae, run, tmp_path):
    for name, options in (("mean", []), ("noise", ["--noise"])):
        assert keras_vae("generate", run, "--count", 4, *options, "--output", tmp_path / f"{name}.png")[0] == 0
    mean, noise = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("mean", "noise"))
    assert mean.shape == noise.shape
    assert np.any(mean != noise)
    (tmp_path / "manifest.json").touch()
    status, _, errors = keras_vae("generate", tmp_path, "--noise", "--output", tmp_path / "of_bundle.png")
    assert (status, errors.count("\n")) == (2, 1)
    assert "noise is True for a bundle" in errors


def test_metrics_name_the_classes(run):
    assert json.loads((run / "metrics.json").read_text())["classes"] == list("0123456789")
